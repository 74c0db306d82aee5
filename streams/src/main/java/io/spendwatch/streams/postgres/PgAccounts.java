package io.spendwatch.streams.postgres;

import io.spendwatch.actors.AccountBalance;
import io.spendwatch.actors.Accounts;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Balances from table {@code accounts}, many users in one round trip. For any thread. */
public final class PgAccounts implements Accounts {
  private static final String READ_BALANCES = SqlText.load("read_balances");

  private final Statements database;

  public PgAccounts(Statements database) {
    this.database = database;
  }

  @Override
  public CompletionStage<Map<String, AccountBalance>> balances(Collection<String> userIds) {
    if (userIds.isEmpty()) {
      return CompletableFuture.completedFuture(Map.of());
    }
    return database
        .read(READ_BALANCES, Tuple.of(userIds.toArray(String[]::new)))
        .thenApply(
            rows -> {
              Map<String, AccountBalance> balances = HashMap.newHashMap(rows.size());
              for (Row row : rows) {
                balances.put(row.getString(0), balance(row));
              }
              return balances;
            });
  }

  private static AccountBalance balance(Row row) {
    return new AccountBalance(
        row.getLong(1),
        row.getString(2),
        row.getLong(3),
        EventTimes.toMs(row.getOffsetDateTime(4)));
  }
}
