package io.spendwatch.streams.postgres;

import io.spendwatch.protocol.Balance;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Applies records of the {@code balances} topic to table {@code accounts}. For any thread. */
public final class AccountsWriter {
  private static final String UPSERT_BALANCES = SqlText.load("upsert_balances");

  private final Statements database;

  public AccountsWriter(Statements database) {
    this.database = database;
  }

  /**
   * Applies a batch, in one statement. Safe to repeat.
   *
   * @return how many accounts changed; completes on an event loop
   */
  public CompletionStage<Integer> apply(List<Balance> batch) {
    List<Balance> newest = newestPerUser(batch);
    if (newest.isEmpty()) {
      return CompletableFuture.completedFuture(0);
    }
    int count = newest.size();
    String[] userIds = new String[count];
    String[] usernames = new String[count];
    String[] currencies = new String[count];
    Long[] balances = new Long[count];
    OffsetDateTime[] asOf = new OffsetDateTime[count];
    for (int i = 0; i < count; i++) {
      Balance balance = newest.get(i);
      userIds[i] = balance.userId();
      usernames[i] = balance.username();
      currencies[i] = balance.currency();
      balances[i] = balance.balanceMinor();
      asOf[i] = EventTimes.toDatabase(balance.asOfMs());
    }
    return database
        .execute(UPSERT_BALANCES, Tuple.of(userIds, usernames, currencies, balances, asOf))
        .thenApply(rows -> rows.rowCount());
  }

  /** What applying the batch one by one would leave: the greatest asOf, of equal ones the last. */
  static List<Balance> newestPerUser(List<Balance> batch) {
    Map<String, Balance> newest = LinkedHashMap.newLinkedHashMap(batch.size());
    for (Balance balance : batch) {
      newest.merge(
          balance.userId(),
          balance,
          (before, now) -> now.asOfMs() >= before.asOfMs() ? now : before);
    }
    return new ArrayList<>(newest.values());
  }
}
