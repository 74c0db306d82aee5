package io.spendwatch.loadgen;

import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * One partition's history out of a seed: transactions and balances of a few users, on a coarse grid
 * of times, in order and out of it, with the oracle's answers as they would be stored.
 */
final class AuditedHistory {
  private static final long MINUTE = 60_000;
  private static final long[] GRIDS = {1, 1000, MINUTE, 30 * MINUTE, 360 * MINUTE, 1440 * MINUTE};

  private final Random random;
  private final Oracle oracle = new Oracle();
  private final long gridMs;
  private final int users;
  private final int disorder;
  private final int changes;
  private final int stepMs;
  private final Map<String, Deque<String>> open = new HashMap<>();
  private final Map<String, List<long[]>> versions = new HashMap<>();
  private final Map<String, Long> latest = new HashMap<>();
  private long nowMs = Instant.parse("2024-03-01T00:00:00Z").toEpochMilli();
  private long wallMs = Instant.parse("2024-06-01T00:00:00Z").toEpochMilli();
  private long streamMs = Long.MIN_VALUE;
  private int announced;
  private int offset;
  private int sequence;
  private int left;

  AuditedHistory(long seed) {
    random = new Random(seed);
    gridMs = GRIDS[random.nextInt(GRIDS.length)];
    users = 1 + random.nextInt(3);
    disorder = random.nextInt(3) * 15;
    changes = random.nextInt(4) * 12;
    stepMs = random.nextBoolean() ? 500 : 30_000;
    left = 12 + random.nextInt(40);
  }

  boolean goesOn() {
    return left > 0;
  }

  int offsets() {
    return offset;
  }

  /**
   * An instant between the first transactions and some days after the last, on the grid or off it.
   */
  String somewhere(Random chosen) {
    long beginMs = Instant.parse("2024-03-01T00:00:00Z").toEpochMilli();
    long spanMs = Math.max(1, streamMs - beginMs + 2 * 1440 * MINUTE);
    long atMs = beginMs + chosen.nextLong(spanMs);
    return Instant.ofEpochMilli(chosen.nextBoolean() ? atMs : atMs - atMs % gridMs).toString();
  }

  /** Of the clock by which things are written. */
  String wall() {
    return Instant.ofEpochMilli(wallMs).toString();
  }

  /** The next events, written; then time passes for all users. */
  void play(Connection connection, int events) throws SQLException {
    connection.setAutoCommit(false);
    for (int i = 0; i < events && left-- > 0; i++) {
      wallMs += 1 + random.nextInt(stepMs);
      nowMs += random.nextInt(8) * gridMs * (random.nextInt(10) == 0 ? 7 : 1);
      String userId = "u" + random.nextInt(users);
      if (random.nextInt(100) < changes || (offset == 0 && random.nextBoolean())) {
        change(connection, userId);
      } else {
        spend(connection, userId);
      }
      if (random.nextInt(4) == 0) {
        passTime(connection, "u" + random.nextInt(users));
      }
    }
    for (int user = 0; user < users; user++) {
      passTime(connection, "u" + user);
    }
    execute(
        connection,
        "INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at) VALUES (0, 1, 'o', now())"
            + " ON CONFLICT (kafka_partition) DO NOTHING");
    execute(
        connection,
        "INSERT INTO spendwatch.progress (kafka_partition, epoch, write_no, alert_seq, published_alert_seq)"
            + " VALUES (0, 1, %d, %d, 0) ON CONFLICT DO NOTHING".formatted(offset, sequence));
    connection.commit();
  }

  private long time() {
    long ms = nowMs;
    if (random.nextInt(100) < disorder) {
      ms -= random.nextInt(40) * gridMs;
      if (random.nextInt(4) == 0) {
        ms = nowMs - 24 * 60 * MINUTE + (random.nextInt(3) - 1) * gridMs;
      }
    }
    return Math.floorDiv(ms, gridMs) * gridMs;
  }

  private void passTime(Connection connection, String userId) throws SQLException {
    if (streamMs > Long.MIN_VALUE) {
      oracle.passTime(userId, streamMs);
      announce(connection, null, offset - 1);
    }
  }

  private void change(Connection connection, String userId) throws SQLException {
    long asOfMs = time() + (random.nextInt(3) - 1) * gridMs;
    long balanceMinor = random.nextInt(12) * 10L - 10;
    if (asOfMs > nowMs) {
      asOfMs = nowMs;
    }
    oracle.balance(userId, asOfMs, balanceMinor);
    List<long[]> known = versions.computeIfAbsent(userId, _ -> new ArrayList<>());
    long as = asOfMs;
    if (known.stream().noneMatch(v -> v[0] == as && v[1] == balanceMinor)) {
      known.add(new long[] {asOfMs, balanceMinor});
      execute(
          connection,
          ("INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, as_of, recorded_at)"
                  + " VALUES ('%s', %d, %d, 'USD', '%s', '%s')")
              .formatted(userId, known.size(), balanceMinor, Instant.ofEpochMilli(asOfMs), wall()));
    }
    announce(connection, null, Math.max(offset - 1, 0));
  }

  private Integer inForce(String userId, long atMs) {
    List<long[]> known = versions.getOrDefault(userId, List.of());
    Integer found = null;
    for (int i = 0; i < known.size(); i++) {
      long[] version = known.get(i);
      if (version[0] < atMs && (found == null || version[0] >= known.get(found)[0])) {
        found = i;
      }
    }
    for (int i = 0; found == null && i < known.size(); i++) {
      long firstMs = known.stream().mapToLong(version -> version[0]).min().orElseThrow();
      found = known.get(i)[0] == firstMs ? (Integer) i : null;
    }
    return found;
  }

  private void spend(Connection connection, String userId) throws SQLException {
    long atMs = time();
    String id = "t" + offset;
    boolean refund = random.nextInt(4) == 0;
    var transaction =
        new Transaction(
            id,
            userId,
            (1 + random.nextInt(6)) * 10L,
            "USD",
            atMs,
            refund ? TransactionKind.REFUND : TransactionKind.PURCHASE,
            null,
            null);
    Integer version = inForce(userId, atMs);
    var counted = (Oracle.Counted) oracle.arrive(transaction);
    Long before = latest.get(userId);
    boolean tooLate = before != null && atMs <= before - 24 * 60 * MINUTE;
    latest.merge(userId, atMs, Math::max);
    String verdict =
        tooLate
            ? "TOO_LATE"
            : counted.balanceMinor() == null ? "NO_ACCOUNT" : counted.breach() ? "BREACH" : "CLEAR";
    execute(
        connection, "SELECT spendwatch.ensure_partitions('{" + Instant.ofEpochMilli(atMs) + "}')");
    execute(
        connection,
        ("INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor,"
                + " balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at, known_version)"
                + " VALUES ('%s', '%s', '%s', '%s', %d, 'USD', %d, %s, %s, '%s', 0, %d, '%s', %s)")
            .formatted(
                userId,
                Instant.ofEpochMilli(atMs),
                id,
                transaction.kind(),
                transaction.amountMinor(),
                counted.exposureMinor(),
                counted.balanceMinor(),
                version == null ? null : version + 1,
                verdict,
                offset,
                wall(),
                known(userId)));
    announce(connection, id, offset);
    offset++;
    streamMs = Math.max(streamMs, atMs);
  }

  private Long known(String userId) {
    List<long[]> known = versions.get(userId);
    return known == null ? null : Long.valueOf(known.size());
  }

  /** What the oracle has said since it was asked last. */
  private void announce(Connection connection, String arrived, int at) throws SQLException {
    List<KnownAlert> all = oracle.alertsSoFar();
    try (PreparedStatement insert =
        connection.prepareStatement(
            "INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor, balance_minor,"
                + " currency, transactions, window_start, event_time, detected_at, late, cause, kafka_topic, kafka_partition,"
                + " kafka_offset, partition_seq, revealed_by, known_version) VALUES (?, ?, 'exposure-24h', ?, ?, ?, ?, ?, 'USD', 1, ?::timestamptz"
                + " - interval '24 h', ?::timestamptz, ?::timestamptz, ?, ?, 'transactions', 0, ?, ?, ?, ?)")) {
      for (KnownAlert alert : all.subList(announced, all.size())) {
        Deque<String> episodes = open.computeIfAbsent(alert.userId(), _ -> new ArrayDeque<>());
        sequence++;
        String episode =
            alert.type() == AlertType.RAISED
                ? AlertIds.episodeId(alert.userId(), "n" + sequence, "")
                : episodes.pop();
        if (alert.type() == AlertType.RAISED) {
          episodes.push(episode);
        }
        String time = Instant.ofEpochMilli(alert.eventTimeMs()).toString();
        Object[] values = {
          AlertIds.alertId(episode, alert.type()),
          alert.type().name(),
          episode,
          alert.userId(),
          alert.transactionId(),
          alert.exposureMinor(),
          alert.balanceMinor(),
          time,
          time,
          wall(),
          alert.late(),
          alert.cause() == null ? null : alert.cause().name(),
          (long) at,
          (long) sequence,
          alert.late() ? arrived : null,
          known(alert.userId())
        };
        for (int i = 0; i < values.length; i++) {
          insert.setObject(i + 1, values[i]);
        }
        insert.executeUpdate();
      }
    }
    announced = all.size();
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }
}
