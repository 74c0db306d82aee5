package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.actors.exposure.NaiveUser;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Random histories of a partition, interrupted anywhere, against the naive rule. */
class PartitionHistoriesTest extends PartitionActorBed {
  /**
   * Many users, batches cut anywhere, restarts, lost answers, failing ports, few users awake: the
   * rows and alerts are those of the naive rule.
   */
  @Test
  void whateverIsInterruptedTheTablesEndUpTheSame() {
    for (long seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      int awakeUsersMax = 1 + random.nextInt(6);
      int watchedUsersMax = seed % 2 == 0 ? 1000 : 2 + (int) (seed / 2 % 3);
      var partition = new Pipeline(kit, awakeUsersMax, 1_000_000, 1000, watchedUsersMax);
      Map<String, NaiveUser> naive = new HashMap<>();
      int users = 1 + random.nextInt(8);
      for (int i = 0; i < users; i++) {
        long balanceMinor = 50 + random.nextLong(250);
        partition.ledger.account("u" + i, balanceMinor, 1);
        NaiveUser user = new NaiveUser();
        user.learn(
            List.of(new NaiveUser.Version(1, 0, balanceMinor, "USD", false)), Long.MIN_VALUE);
        naive.put("u" + i, user);
      }
      List<Transaction> history = history(random, users);
      Set<String> alertIds = new HashSet<>();
      int next = 0;
      while (next < history.size()) {
        int size = 1 + random.nextInt(12);
        partition.pending.clear();
        for (int i = next; i < Math.min(history.size(), next + size); i++) {
          partition.pending.add(new Received(history.get(i), i));
        }
        switch (random.nextInt(8)) {
          case 0 -> {
            List<Received> lost = List.copyOf(partition.pending);
            partition.ask(); // assessed, and lost before it was durable
            partition.restart();
            partition.pending.addAll(lost);
          }
          case 1 -> partition.ledger.failNext(1 + random.nextInt(2));
          case 2 -> {
            partition.run();
            partition.restart(); // durable, but redelivered
            continue;
          }
          default -> {}
        }
        for (Alert alert : partition.run().alerts()) {
          assertThat(alertIds.add(alert.alertId())).isTrue();
        }
        next += size;
      }
      // Where hardly anybody is watched, what the last batch has no room for comes with ticks.
      for (int tick = 0; tick < 10; tick++) {
        var _ = partition.run();
      }
      check(seed, partition.ledger, history, naive);
    }
  }

  private static void check(
      long seed, InMemoryLedger ledger, List<Transaction> history, Map<String, NaiveUser> naive) {
    Map<String, Long> expected = new HashMap<>();
    long streamTimeMs = Long.MIN_VALUE;
    for (Transaction transaction : history) {
      String key = transaction.userId() + transaction.transactionId();
      if (!expected.containsKey(key)) {
        NaiveUser.Row row = naive.get(transaction.userId()).arrive(transaction, streamTimeMs);
        expected.put(key, row.exposureMinor());
      }
      streamTimeMs = Math.max(streamTimeMs, transaction.eventTimeMs());
    }
    Map<String, Long> stored = new HashMap<>();
    ledger
        .rows()
        .forEach(
            row ->
                stored.put(
                    row.transaction().userId() + row.transaction().transactionId(),
                    row.assessed().exposureMinor()));
    assertThat(stored).as("seed %d", seed).isEqualTo(expected);
    long untilMs = streamTimeMs;
    naive.forEach(
        (userId, user) -> {
          user.passTime(untilMs);
          assertThat(ledger.alerts().stream().filter(alert -> alert.userId().equals(userId)))
              .as("seed %d user %s", seed, userId)
              .extracting(alert -> alert.type().name(), Alert::eventTimeMs, Alert::exposureMinor)
              .containsExactlyElementsOf(
                  user.alerts().stream()
                      .map(must -> tuple(must.type(), must.eventTimeMs(), must.exposureMinor()))
                      .toList());
        });
  }

  /** In order, on a coarse grid, with duplicates close by. */
  private static List<Transaction> history(Random random, int users) {
    List<Transaction> history = new ArrayList<>();
    long atMs = T0;
    for (int i = 0; i < 150; i++) {
      atMs += random.nextInt(3) * HOUR_MS;
      if (i > 5 && random.nextInt(10) == 0) {
        history.add(history.get(history.size() - 1 - random.nextInt(5)));
      } else {
        history.add(
            new Transaction(
                "t" + i,
                "u" + random.nextInt(users),
                1 + random.nextInt(90),
                "USD",
                atMs,
                random.nextInt(6) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
                null,
                null));
      }
    }
    return history;
  }
}
