package io.spendwatch.streams.ledger;

import io.spendwatch.protocol.Balance;
import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Applies records of the {@code balances} topic to table {@code accounts}. For any thread. */
public final class AccountsWriter {
  private static final String APPLY_BALANCES = SqlText.load(Ledger.class, "apply_balances");

  private final Statements database;

  public AccountsWriter(Statements database) {
    this.database = database;
  }

  /**
   * Applies a batch, in one statement: each record is a version of its account, in their order.
   * Safe to repeat.
   *
   * @return completes on an event loop
   */
  public CompletionStage<Void> apply(List<Balance> batch) {
    if (batch.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    List<List<Balance>> rounds = rounds(batch);
    int count = batch.size();
    Integer[] ends = new Integer[rounds.size()];
    String[] userIds = new String[count];
    String[] usernames = new String[count];
    String[] currencies = new String[count];
    Long[] balances = new Long[count];
    OffsetDateTime[] asOf = new OffsetDateTime[count];
    int i = 0;
    for (int round = 0; round < ends.length; round++) {
      for (Balance balance : rounds.get(round)) {
        userIds[i] = balance.userId();
        usernames[i] = balance.username();
        currencies[i] = balance.currency();
        balances[i] = balance.balanceMinor();
        asOf[i++] = EventTimes.toDatabase(balance.asOfMs());
      }
      ends[round] = i;
    }
    return database
        .execute(APPLY_BALANCES, Tuple.of(ends, userIds, usernames, currencies, balances, asOf))
        .thenApply(_ -> null);
  }

  /** The first record of each user, then the second of each, and so on. */
  static List<List<Balance>> rounds(List<Balance> batch) {
    List<List<Balance>> rounds = new ArrayList<>(1);
    Map<String, Integer> seen = HashMap.newHashMap(batch.size());
    for (Balance balance : batch) {
      int round = seen.merge(balance.userId(), 1, Integer::sum) - 1;
      if (round == rounds.size()) {
        rounds.add(new ArrayList<>());
      }
      rounds.get(round).add(balance);
    }
    return rounds;
  }
}
