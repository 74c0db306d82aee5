package io.spendwatch.streams.postgres;

import io.spendwatch.actors.AccountBalance;
import io.spendwatch.actors.Accounts;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Balances from table {@code accounts}, many users in one round trip. For any thread. An account
 * that cannot be read is noted and left out, as if there were none.
 */
public final class PgAccounts implements Accounts {
  private static final String READ_BALANCES = SqlText.load("read_balances");

  private final Statements database;
  private final UnreadableRows unreadable;

  public PgAccounts(Statements database, UnreadableRows unreadable) {
    this.database = database;
    this.unreadable = unreadable;
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
              Set<String> present = HashSet.newHashSet(rows.size());
              for (Row row : rows) {
                String userId = row.getString(0);
                present.add(userId);
                unreadable
                    .read(UnreadableRows.ACCOUNTS, userId, () -> balance(row))
                    .ifPresent(balance -> balances.put(userId, balance));
              }
              unreadable.forgetAbsent(UnreadableRows.ACCOUNTS, userIds, present);
              return balances;
            });
  }

  private static AccountBalance balance(Row row) {
    return new AccountBalance(
        row.getLong(1),
        Columns.currency(row, 2, "currency"),
        row.getLong(3),
        Columns.timeMs(row, 4, "in_force_since"));
  }
}
