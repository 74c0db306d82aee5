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
import java.util.concurrent.CompletionStage;

/** Applies records of the {@code balances} topic to table {@code accounts}. For any thread. */
public final class AccountsWriter {
  private static final String APPLY_BALANCES = SqlText.load(Ledger.class, "apply_balances");

  /** After so many batches of a partition, the notes of how far it was before them go. */
  private static final long NOTES_KEPT = 256;

  private final Statements database;

  public AccountsWriter(Statements database) {
    this.database = database;
  }

  /**
   * Where a batch is from: offsets [from, to) of a partition of the topic with this id, in which
   * there may be others than its records.
   *
   * @param number of the batch since the partition was taken over, from 1
   */
  public record Stretch(String topicId, int partition, long from, long to, long number) {}

  /**
   * Applies a batch, in one statement: each record is a version of its account, in their order. In
   * the same step it is noted how far the partition is. Safe to repeat.
   *
   * @return completes on an event loop; false, with nothing done, where it is not noted (any more)
   *     that all before the stretch is applied: the database was put back to an older point
   */
  public CompletionStage<Boolean> apply(List<Balance> batch, Stretch stretch) {
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
    boolean isToForget = stretch.number % NOTES_KEPT == 0;
    return database
        .execute(
            APPLY_BALANCES,
            Tuple.tuple()
                .addValue(ends)
                .addValue(userIds)
                .addValue(usernames)
                .addValue(currencies)
                .addValue(balances)
                .addValue(asOf)
                .addString(stretch.topicId)
                .addInteger(stretch.partition)
                .addLong(stretch.from)
                .addLong(stretch.to)
                .addLong(isToForget ? stretch.from : 0))
        .thenApply(rows -> rows.iterator().next().getBoolean(0));
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
