package io.spendwatch.ops.storage.rollups;

import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.ledger.Ledger;
import io.vertx.sqlclient.Tuple;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Random rows, written as the hot path writes them, by its own statements: out of order, with ties
 * on a coarse grid of time, refunds, several currencies, late ones of days ago, and repeats. What
 * they say of exposures is random too: roll-ups add up what is written. For one thread.
 */
public final class WrittenRows {
  public static final int PARTITIONS = 3;

  private static final String WRITE_LEDGER = SqlText.load(Ledger.class, "write_ledger");
  private static final String WRITE_TRANSACTIONS = SqlText.load(Ledger.class, "write_transactions");
  private static final String WRITE_AGAIN = SqlText.load(Ledger.class, "write_again");
  private static final List<String> VERDICTS = List.of("CLEAR", "BREACH", "NO_ACCOUNT", "TOO_LATE");

  private final Random random;
  private final Database database;
  private final List<Object[]> written = new ArrayList<>();
  private final long[] nextOffset = new long[PARTITIONS];
  private final long[] alertSeq = new long[PARTITIONS];
  private final long[] writeNo = new long[PARTITIONS];
  private final long gridMs;
  private final int daysApart;
  private Instant now = Instant.parse("2026-03-31T22:10:00.250Z");
  private int number;

  public WrittenRows(Random random, Database database) {
    this(random, database, 0);
  }

  /**
   * @param daysApart now and then nothing comes for so many days, at most
   */
  public WrittenRows(Random random, Database database, int daysApart) {
    this.random = random;
    this.database = database;
    this.gridMs = random.nextBoolean() ? 1 : 250;
    this.daysApart = daysApart;
  }

  /** Where they are written: tables without rows, with partitions for all days that they are of. */
  public static void empty(Statement sql, LocalDate lastDay) throws SQLException {
    sql.execute(
        """
        TRUNCATE spendwatch.transactions, spendwatch.alerts, spendwatch.open_episodes, spendwatch.claims, spendwatch.progress,
                 spendwatch.rollup_feed, spendwatch.rollup_alerts, spendwatch.hourly_spend, spendwatch.daily_users, spendwatch.daily_habits,
                 spendwatch.hourly_alerts, spendwatch.user_risk, spendwatch.user_risk_leaving, spendwatch.user_features,
                 spendwatch.user_features_versions, spendwatch.minute_sales, spendwatch.daily_spend, spendwatch.monthly_users;
        UPDATE spendwatch.user_risk_clock SET as_of = '-infinity', target = '-infinity';
        UPDATE spendwatch.daily_habits_position SET day = '-infinity', user_id = '';
        UPDATE spendwatch.rollups SET built = true, unfinished = false;
        UPDATE spendwatch.settings SET dropped_before = NULL, partition_granularity = 'day', partitions_per_minute = 10000;
        INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at) SELECT p, 1, 'test', now() FROM generate_series(0, 2) AS p;
        SELECT spendwatch.ensure_partitions(array_agg(d)) FROM generate_series('2026-03-25Z'::timestamptz, '%sZ', '1 day') AS d;
        """
            .formatted(lastDay));
  }

  /** Writes a batch of some partitions at once, and answers how many rows it has tried to write. */
  public int write() {
    // Seconds, minutes, or a gap in which everything leaves the last hour.
    now = now.plusMillis(random.nextInt(random.nextInt(6) == 0 ? 5_400_000 : 240_000));
    if (daysApart > 0 && random.nextInt(2) == 0) {
      now = now.plusMillis(random.nextLong(daysApart * 86_400_000L));
    }
    List<Integer> partitions = new ArrayList<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      if (random.nextInt(3) > 0 || (partition == PARTITIONS - 1 && partitions.isEmpty())) {
        partitions.add(partition);
      }
    }
    List<Object[]> rows = new ArrayList<>();
    List<Object[]> alerts = new ArrayList<>();
    boolean repeats = false;
    for (int partition : partitions) {
      // Now and then one user alone, who spends more often than is remembered of anybody.
      boolean isBurst = random.nextInt(6) == 0;
      int count = isBurst ? 10 + random.nextInt(30) : random.nextInt(12);
      for (int i = 0; i < count; i++) {
        boolean isRepeated = !written.isEmpty() && random.nextInt(10) == 0;
        rows.add(isRepeated ? repeated(partition) : row(partition, isBurst ? 1 : 5));
        repeats |= isRepeated;
      }
      if (random.nextInt(3) == 0) {
        alerts.add(alert(partition));
      }
    }
    written.addAll(rows);
    Tuple values = Tuple.tuple();
    addProgress(values, partitions);
    addColumns(values, rows, TRANSACTION_TYPES);
    String statement = repeats ? WRITE_AGAIN : alerts.isEmpty() ? WRITE_TRANSACTIONS : WRITE_LEDGER;
    if (!statement.equals(WRITE_TRANSACTIONS)) {
      addColumns(values, alerts, ALERT_TYPES);
    }
    var _ = database.execute(statement, values).toCompletableFuture().join();
    return rows.size();
  }

  private void addProgress(Tuple values, List<Integer> partitions) {
    int count = partitions.size();
    Integer[] ids = partitions.toArray(Integer[]::new);
    Long[] epochs = new Long[count];
    Long[] writes = new Long[count];
    Long[] seqs = new Long[count];
    Long[] offsets = new Long[count];
    for (int i = 0; i < count; i++) {
      epochs[i] = 1L;
      writes[i] = ++writeNo[ids[i]];
      seqs[i] = alertSeq[ids[i]];
      offsets[i] = nextOffset[ids[i]];
    }
    OffsetDateTime[] none = new OffsetDateTime[count];
    values
        .addValue(ids)
        .addValue(epochs)
        .addValue(writes)
        .addValue(none)
        .addValue(seqs)
        .addValue(seqs)
        .addValue(offsets)
        .addValue(offsets)
        .addValue(none)
        .addValue(none);
  }

  private static final List<Class<?>> TRANSACTION_TYPES =
      List.of(
          String.class,
          OffsetDateTime.class,
          String.class,
          String.class,
          Long.class,
          String.class,
          String.class,
          String.class,
          Long.class,
          Long.class,
          Long.class,
          String.class,
          Long.class,
          Long.class,
          Integer.class);

  private static final List<Class<?>> ALERT_TYPES =
      List.of(
          String.class,
          String.class,
          String.class,
          String.class,
          String.class,
          String.class,
          Long.class,
          Long.class,
          String.class,
          Integer.class,
          OffsetDateTime.class,
          OffsetDateTime.class,
          OffsetDateTime.class,
          Boolean.class,
          String.class,
          String.class,
          Long.class,
          Long.class,
          Integer.class,
          String.class,
          Long.class,
          Integer.class);

  private static void addColumns(Tuple values, List<Object[]> rows, List<Class<?>> types) {
    for (int column = 0; column < types.size(); column++) {
      Object[] cells =
          (Object[]) java.lang.reflect.Array.newInstance(types.get(column), rows.size());
      for (int i = 0; i < cells.length; i++) {
        cells[i] = rows.get(i)[column];
      }
      values.addValue(cells);
    }
  }

  private Object[] row(int partition, int users) {
    long lateMs =
        switch (random.nextInt(10)) {
          case 0 -> random.nextInt(3 * 86_400_000);
          case 1, 2 -> random.nextInt(3_700_000);
          default -> random.nextInt(20_000);
        };
    long eventMs = (now.toEpochMilli() - lateMs) / gridMs * gridMs;
    boolean hasAccount = random.nextInt(8) > 0;
    return new Object[] {
      "u" + partition + random.nextInt(users),
      utc(eventMs),
      "t" + number++,
      random.nextInt(4) == 0 ? "REFUND" : "PURCHASE",
      // Few amounts: the largest is often there several times. Some are as large as can be.
      random.nextInt(40) == 0 ? Long.MAX_VALUE : (long) (1 + random.nextInt(6)),
      random.nextInt(5) == 0 ? "JPY" : "USD",
      random.nextInt(3) == 0 ? null : "m" + random.nextInt(3),
      null,
      (long) random.nextInt(1000) - 100,
      hasAccount ? (long) random.nextInt(500) : null,
      hasAccount ? 1L : null,
      VERDICTS.get(random.nextInt(VERDICTS.size())),
      nextOffset[partition]++,
      1L,
      partition
    };
  }

  /** A transaction of before, at a new offset. */
  private Object[] repeated(int partition) {
    Object[] row = written.get(random.nextInt(written.size())).clone();
    row[12] = nextOffset[partition]++;
    row[14] = partition;
    return row;
  }

  private Object[] alert(int partition) {
    OffsetDateTime at = utc(now.toEpochMilli() - random.nextInt(7_200_000));
    long seq = ++alertSeq[partition];
    return new Object[] {
      "a" + partition + "-" + seq,
      random.nextBoolean() ? "RAISED" : "CLEARED",
      "exposure-24h",
      "e" + partition + "-" + seq,
      "u" + partition,
      null,
      10L,
      5L,
      "USD",
      1,
      at.minusDays(1),
      at,
      at,
      random.nextBoolean(),
      null,
      "transactions",
      nextOffset[partition],
      seq,
      1,
      null,
      1L,
      partition
    };
  }

  private static OffsetDateTime utc(long ms) {
    return Instant.ofEpochMilli(ms).atOffset(ZoneOffset.UTC);
  }
}
