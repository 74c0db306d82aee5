package io.spendwatch.streams.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a seed puts into the topic: few users with small balances on a coarse grid of instants, so
 * that breaches, ties, entries exactly 24 h apart, late, too late and repeated records are
 * frequent.
 */
public final class Workload {
  public static final long START_MS = Instant.parse("2024-07-12T00:00:00Z").toEpochMilli();
  private static final long HOUR_MS = 3_600_000;

  /** Duplicates under another event time are recognised within this span. */
  private static final long SPAN_MS = 47 * HOUR_MS;

  /**
   * A record to send.
   *
   * @param transaction null where the record is no transaction
   * @param reason why it must end as a dead letter; null where it must not
   */
  public record Sent(
      int partition, String key, String value, Transaction transaction, DeadLetterReason reason) {}

  private final Random random;
  private final int partitions;
  private final int grownTo;
  private final List<Change> balances = new ArrayList<>();
  private final List<Sent> records = new ArrayList<>();
  private final Set<String> poison = new HashSet<>();
  private final List<Change> changes = new ArrayList<>();
  private final long gridMs;
  private final boolean changesMeanwhile;
  private final boolean currencies;

  /**
   * @param partitions of the transactions topic when it begins
   * @param grownTo how many it will have later, the same where it does not grow
   */
  public Workload(Random random, int partitions, int grownTo) {
    this.random = random;
    this.partitions = partitions;
    this.grownTo = grownTo;
    int users = 1 + random.nextInt(6);
    this.gridMs = List.of(1L, HOUR_MS, 3 * HOUR_MS, 777_777L).get(random.nextInt(4));
    this.changesMeanwhile = random.nextInt(4) == 0;
    // Which record is refused depends on when a change is noticed.
    this.currencies = !changesMeanwhile && grownTo == partitions && random.nextInt(6) == 0;
    boolean changesBefore = grownTo == partitions && random.nextInt(3) == 0;
    for (int user = 0; user < users; user++) {
      if (random.nextInt(8) != 0) {
        balances.add(change("u" + user, 0));
        for (int i = changesBefore ? random.nextInt(6) : 0; i > 0; i--) {
          balances.add(change("u" + user, anyInstantMs()));
        }
      }
    }
    if (grownTo == partitions && random.nextInt(6) == 0) {
      for (int i = 1 + random.nextInt(2); i > 0; i--) {
        poison.add("t" + random.nextInt(30));
      }
    }
    if (changesMeanwhile) {
      for (int i = 1 + random.nextInt(12); i > 0; i--) {
        int user = random.nextInt(users);
        Change change = change("u" + user, anyInstantMs());
        changes.add(
            random.nextInt(6) == 0
                ? new Change(change.userId, null, change.currency, change.asOfMs, false)
                : change);
      }
    }
    generate(users, 5 + random.nextInt(random.nextInt(4) == 0 ? 150 : 50));
  }

  private Change change(String userId, long asOfMs) {
    return new Change(
        userId, 20L + random.nextInt(200), currency(), asOfMs, random.nextInt(2) == 0);
  }

  private String currency() {
    return currencies && random.nextInt(4) == 0 ? "EUR" : "USD";
  }

  private long anyInstantMs() {
    return START_MS + random.nextLong(2 * SPAN_MS / gridMs) * gridMs;
  }

  /** What is known before the first transaction is sent, in the order in which it came. */
  public List<Change> balances() {
    return balances;
  }

  /** By user, where there is one balance each, as in a world whose topic grows. */
  Map<String, Long> constantBalances() {
    return balances.stream().collect(Collectors.toMap(Change::userId, Change::balanceMinor));
  }

  /** In the order in which they are sent. */
  public List<Sent> records() {
    return records;
  }

  /**
   * A version of an account.
   *
   * @param balanceMinor null where the account goes
   * @param byTopic through the balances topic; else some other writer's
   */
  public record Change(
      String userId, Long balanceMinor, String currency, long asOfMs, boolean byTopic) {}

  /** Those that come while transactions arrive; in most seeds none. */
  public List<Change> changes() {
    return changes;
  }

  /** Ids of transactions that PostgreSQL refuses, whoever tries and however often. */
  public Set<String> poison() {
    return poison;
  }

  private void generate(int users, int count) {
    double disorder = random.nextInt(3) == 0 ? 0.2 * random.nextDouble() : 0;
    long nowMs = START_MS + SPAN_MS / 8;
    for (int i = 0; i < count; i++) {
      nowMs += random.nextInt(3) * gridMs;
      if (random.nextInt(25) == 0) {
        nowMs += 24 * HOUR_MS - random.nextInt(3) * gridMs;
      }
      nowMs = Math.min(nowMs, START_MS + SPAN_MS);
      long atMs = nowMs;
      if (random.nextDouble() < disorder) {
        atMs = Math.max(START_MS, atMs - random.nextInt(30) * gridMs);
      }
      int kind = random.nextInt(40);
      if (kind == 4) {
        stray(i, "u" + random.nextInt(users), atMs);
      } else if (kind == 0) {
        garbage(i, "u" + random.nextInt(users));
      } else if (kind < 4 && !records.isEmpty()) {
        repeat(atMs);
      } else {
        send(
            new Transaction(
                "t" + i,
                "u" + random.nextInt(users),
                1 + random.nextInt(90),
                currency(),
                atMs,
                random.nextInt(6) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
                null,
                null));
      }
    }
  }

  /** The same id again, as it was or with another time. */
  private void repeat(long atMs) {
    Transaction first = records.get(random.nextInt(records.size())).transaction();
    if (first != null) {
      boolean same = random.nextInt(3) != 0;
      send(
          new Transaction(
              first.transactionId(),
              first.userId(),
              first.amountMinor(),
              first.currency(),
              same ? first.eventTimeMs() : atMs,
              first.kind(),
              null,
              null));
    }
  }

  private void send(Transaction transaction) {
    records.add(
        new Sent(
            partitionOf(transaction.userId()),
            transaction.userId(),
            new String(TransactionCodec.encode(transaction), UTF_8),
            transaction,
            poison.contains(transaction.transactionId()) ? DeadLetterReason.INTERNAL_ERROR : null));
  }

  /** A good record in a partition that is not its user's, before or after the topic grows. */
  private void stray(int number, String userId, long atMs) {
    int partition = random.nextInt(partitions);
    if (partition != partitionOf(userId)
        && partition != Partitioner.MURMUR2.partitionOf(userId, grownTo)) {
      Transaction transaction =
          new Transaction(
              "t" + number, userId, 50, "USD", atMs, TransactionKind.PURCHASE, null, null);
      records.add(
          new Sent(
              partition,
              userId,
              new String(TransactionCodec.encode(transaction), UTF_8),
              null,
              DeadLetterReason.WRONG_PARTITION));
    }
  }

  private void garbage(int number, String userId) {
    records.add(
        new Sent(partitionOf(userId), userId, "{" + number, null, DeadLetterReason.MALFORMED_JSON));
  }

  private int partitionOf(String userId) {
    return Partitioner.MURMUR2.partitionOf(userId, partitions);
  }
}
