package io.spendwatch.ops.records;

import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A user's transactions as they are stored. Thread-safe, blocks nobody; what it answers fails where
 * PostgreSQL does.
 */
public final class TransactionRecords {
  private static final String KIND = "transactions";
  private static final String LIST = SqlText.load(TransactionRecords.class, "list_transactions");

  private final Statements database;
  private final String topic;

  /**
   * @param database the analytical pool
   * @param topic from which they came
   */
  public TransactionRecords(Statements database, String topic) {
    this.database = database;
    this.topic = topic;
  }

  /**
   * A page of them, by event time, the newest first.
   *
   * @param from event time at or after this instant; null for all
   * @param to event time before this instant; null for all
   * @param cursor of the page; null for the first one
   * @throws IllegalArgumentException for a cursor of something else
   */
  public CompletionStage<Page<TransactionRecord>> list(
      String userId, Instant from, Instant to, int limit, String cursor) {
    Place after = Place.from(KIND, cursor, to);
    return database
        .read(
            LIST,
            Tuple.of(
                userId,
                after.time(),
                after.id(),
                Place.time(from == null ? Place.BEFORE_ALL : from),
                limit + 1))
        .thenApply(
            rows -> {
              List<TransactionRecord> found = new ArrayList<>();
              List<Place> places = new ArrayList<>();
              for (Row row : rows) {
                found.add(TransactionRecord.read(row, topic));
                places.add(new Place(row.getOffsetDateTime(1).toInstant(), row.getString(2)));
              }
              return Page.of(found, limit, _ -> places.get(limit - 1).cursor(KIND));
            });
  }
}
