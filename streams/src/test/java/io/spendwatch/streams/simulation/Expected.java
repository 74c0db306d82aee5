package io.spendwatch.streams.simulation;

import io.spendwatch.actors.exposure.NaiveUser;
import io.spendwatch.actors.exposure.NaiveUser.Alert;
import io.spendwatch.actors.exposure.NaiveUser.Version;
import io.spendwatch.protocol.Transaction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What must be in the tables and in the alert topic, for balances that are known before the
 * transactions come: {@link NaiveUser} for each user, and the stream times of partitions. Shares no
 * code with the product, and knows of no fault.
 */
public final class Expected {

  /** What one row must say. */
  public record Row(
      String userId,
      String transactionId,
      long eventTimeMs,
      long exposureMinor,
      Long balanceMinor,
      Long balanceVersion,
      String verdict,
      int partition,
      long offset) {}

  private final Map<String, List<Version>> versions;
  private final Map<String, NaiveUser> users = new LinkedHashMap<>();
  private final Map<Integer, Long> streamTimesMs = new HashMap<>();
  private final Map<String, Integer> partitions = new HashMap<>();
  private final Set<String> ids = new HashSet<>();
  private final List<Row> rows = new ArrayList<>();

  /**
   * @param versions of each user's balance, known from the start
   */
  public Expected(Map<String, List<Version>> versions) {
    this.versions = versions;
  }

  /**
   * The next transaction of the partition.
   *
   * @return whether it is refused for its currency
   */
  public boolean arrive(int partition, long offset, Transaction transaction) {
    long streamTimeMs = streamTimesMs.getOrDefault(partition, Long.MIN_VALUE);
    String userId = transaction.userId();
    partitions.put(userId, partition);
    NaiveUser user = users.computeIfAbsent(userId, this::begin);
    streamTimesMs.merge(partition, transaction.eventTimeMs(), Math::max);
    if (ids.contains(key(transaction))) {
      user.passTime(streamTimeMs);
      return false;
    }
    NaiveUser.Row row = user.arrive(transaction, streamTimeMs);
    if (row.verdict() == null) {
      return true;
    }
    ids.add(key(transaction));
    rows.add(
        new Row(
            userId,
            transaction.transactionId(),
            transaction.eventTimeMs(),
            row.exposureMinor(),
            row.balance() == null ? null : row.balance().balanceMinor(),
            row.balance() == null ? null : row.balance().number(),
            row.verdict(),
            partition,
            offset));
    return false;
  }

  /** By which a transaction is known as a duplicate. */
  static String key(Transaction transaction) {
    return transaction.userId() + "/" + transaction.transactionId();
  }

  /** Whether a transaction of this {@link #key} has a row. */
  boolean hasAccepted(String key) {
    return ids.contains(key);
  }

  /** Whether a transaction that comes next would be refused for its currency. */
  boolean refuses(Transaction transaction) {
    return users.computeIfAbsent(transaction.userId(), this::begin).refuses(transaction);
  }

  private NaiveUser begin(String userId) {
    NaiveUser user = new NaiveUser();
    List<Version> known = versions.getOrDefault(userId, List.of());
    if (!known.isEmpty()) {
      user.learn(known, Long.MIN_VALUE);
    }
    return user;
  }

  /**
   * The topic is at its end: points that stream time has passed are dealt with.
   *
   * @param idleMs for how long nothing has come
   */
  public void end(long idleMs) {
    users.forEach(
        (userId, user) -> {
          if (partitions.containsKey(userId)) {
            user.passTime(streamTimesMs.get(partitions.get(userId)) + idleMs);
          }
        });
  }

  public List<Row> rows() {
    return rows;
  }

  public Map<Integer, Long> streamTimesMs() {
    return streamTimesMs;
  }

  /** By user, in the order in which they become known. */
  public Map<String, List<Alert>> alerts() {
    Map<String, List<Alert>> alerts = new HashMap<>();
    users.forEach(
        (userId, user) -> {
          if (!user.alerts().isEmpty()) {
            alerts.put(userId, user.alerts());
          }
        });
    return alerts;
  }
}
