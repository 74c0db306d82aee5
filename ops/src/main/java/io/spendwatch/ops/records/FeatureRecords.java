package io.spendwatch.ops.records;

import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * What is usual for a user: as it was computed last, or for any moment before. Thread-safe, blocks
 * nobody; what it answers fails where PostgreSQL does.
 */
public final class FeatureRecords {
  private static final String READ = SqlText.load(FeatureRecords.class, "read_features");
  private static final String COMPUTE = SqlText.load(FeatureRecords.class, "compute_features");

  private final Statements database;

  /**
   * @param database the analytical pool
   */
  public FeatureRecords(Statements database) {
    this.database = database;
  }

  /**
   * Those of a user.
   *
   * @param at for the begin of its day (UTC), computed now; null for the last ones that were stored
   * @return empty where the user has no transactions in the days before, or nothing is stored yet
   */
  public CompletionStage<Optional<Features>> read(String userId, Instant at) {
    return (at == null
            ? database.read(READ, Tuple.of(userId))
            : database.read(COMPUTE, Tuple.of(userId, at.atOffset(ZoneOffset.UTC).toLocalDate())))
        .thenApply(
            rows -> {
              List<Features.OfCurrency> currencies = new ArrayList<>();
              Instant asOf = null;
              for (Row row : rows) {
                if (row.getString("currency") != null) {
                  asOf = Features.asOf(row);
                  currencies.add(Features.OfCurrency.read(row));
                }
              }
              return asOf == null
                  ? Optional.empty()
                  : Optional.of(new Features(userId, asOf, Features.DAYS, currencies));
            });
  }
}
