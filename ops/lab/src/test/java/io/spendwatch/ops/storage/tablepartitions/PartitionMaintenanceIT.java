package io.spendwatch.ops.storage.tablepartitions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Merged;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Report;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.pipeline.StreamsConfig;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Partitions come and go beside whoever writes. */
@Timeout(120)
@ExtendWith(Servers.class)
class PartitionMaintenanceIT {
  private static final Instant NOW = Instant.parse("2040-03-20T12:00:00Z");
  private static final InstantSource CLOCK = InstantSource.fixed(NOW);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final String COUNT_OLD =
      "SELECT count(*) FROM spendwatch.transactions WHERE event_time < '2021-01-01Z' AND transaction_id = 't'";

  /** What is kept begins on 10 March at noon: that day is the oldest that stays. */
  private static final Duration RETENTION = Duration.ofDays(10);

  private final Metrics metrics = new Metrics(CLOCK);
  private final List<Database> opened = new ArrayList<>();
  private TestBed bed;
  private Database hot;
  private PartitionMaintenance maintenance;

  @BeforeEach
  void open(TestBed given) throws SQLException {
    bed = given;
    execute(
        """
        DO $$
        DECLARE
          partition regclass;
        BEGIN
          FOR partition IN SELECT oid FROM pg_class
             WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r' AND relname ~ '^(transactions|merging)_'
          LOOP
            EXECUTE 'DROP TABLE ' || partition;
          END LOOP;
        END
        $$""",
        "TRUNCATE spendwatch.merges, spendwatch.merged_days, spendwatch.partitions_made, spendwatch.archived_days",
        "UPDATE spendwatch.settings SET dropped_before = NULL, archive_uri = NULL, partition_granularity = 'day'",
        "SELECT spendwatch.ensure_partitions('{2040-03-07Z,2040-03-08Z,2040-03-09Z,2040-03-10Z}')");
    maintenance = maintenance("");
  }

  @AfterEach
  void close() throws Exception {
    for (Database database : opened) {
      var _ = database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void makesADayAheadAndDropsWhatIsWhollyOlderThanTheRetention() throws Exception {
    insert("2040-03-09T23:59:59.999Z");
    insert("2040-03-10T00:00:00Z");
    assertThat(look(maintenance)).isEqualTo(new Report(9, 8, 3, 3));
    assertThat(partitions()).first().isEqualTo("transactions_20400310");
    assertThat(column("SELECT event_time::text FROM spendwatch.transactions"))
        .containsExactly("2040-03-10 00:00:00+00");
    assertThat(column("SELECT dropped_before::text FROM spendwatch.settings"))
        .containsExactly("2040-03-10 00:00:00+00");
    assertThat(look(maintenance)).isEqualTo(new Report(9, 0, 0, 0));
    assertThat(metrics.text())
        .contains(
            "spendwatch_partitions 9.0",
            "spendwatch_partitions_made_total 8.0",
            "spendwatch_partitions_detached_total 3.0",
            "spendwatch_partitions_dropped_total 3.0",
            "spendwatch_partition_maintenance_seconds_count 2",
            "spendwatch_partition_maintenance_failed_total 0.0",
            "spendwatch_partition_maintenance_last_run " + (double) NOW.getEpochSecond());
  }

  @Test
  void keepsEverythingWithoutARetention() throws Exception {
    var keeps =
        new PartitionMaintenance(
            hot,
            Optional.empty(),
            Optional.empty(),
            new PartitionsConfig.Merging(Duration.ofMinutes(1), PATIENCE, 1),
            CLOCK,
            metrics.partitions());
    assertThat(look(keeps)).isEqualTo(new Report(12, 8, 0, 0));
  }

  /** Whatever the settings of the node that looks. */
  @Test
  void whereThereIsAnArchiveOnlyWhatIsInItGoes() throws Exception {
    execute("UPDATE spendwatch.settings SET archive_uri = 'file:///archive'");
    insert("2040-03-08T01:00:00Z");
    assertThat(look(maintenance).dropped()).as("those without rows").isEqualTo(2);
    execute(
        "INSERT INTO spendwatch.archived_days (day, archived_at, revision, transactions, alerts, bytes, table_transactions,"
            + " table_digest, table_alerts, table_versions) SELECT day, now(), 0, transactions, 0, 1, transactions, digest, 0, 0"
            + " FROM spendwatch.day_digests('spendwatch.transactions', '2040-03-08Z', '2040-03-09Z')");
    insert("2040-03-08T02:00:00Z");
    assertThat(look(maintenance).dropped()).as("a row that is not there").isZero();
    execute("DELETE FROM spendwatch.transactions WHERE event_time = '2040-03-08T02:00:00Z'");
    execute("UPDATE spendwatch.archived_days SET kept_until = now() + interval '1 hour'");
    assertThat(look(maintenance).dropped()).as("restored").isZero();
    execute("UPDATE spendwatch.archived_days SET kept_until = NULL");
    assertThat(look(maintenance).dropped()).isOne();
    assertThat(column("SELECT dropped_at IS NOT NULL FROM spendwatch.archived_days"))
        .containsExactly("t");
  }

  @Test
  void monthsGoWhenTheirLastDayDoes() throws Exception {
    execute(
        "UPDATE spendwatch.settings SET partition_granularity = 'month'",
        "SELECT spendwatch.ensure_partitions('{2040-01-15Z,2040-02-15Z}')");
    assertThat(look(maintenance).dropped()).isEqualTo(5);
    assertThat(partitions())
        .contains("transactions_20400310")
        .doesNotContain("transactions_204002");
  }

  /** Nobody who writes waits; what removes waits for those who may still see what goes. */
  @Test
  void detachesBesideTransactionsThatHaveInserted() throws Exception {
    CompletableFuture<Report> looking;
    try (Connection connection = bed.database().connect("test");
        Statement open = connection.createStatement()) {
      connection.setAutoCommit(false);
      open.execute(insertion("2040-03-10T01:00:00Z"));
      looking = maintenance.look().toCompletableFuture();
      await()
          .atMost(PATIENCE)
          .until(
              () -> column("SELECT spendwatch.partition_state('transactions_20400307')"),
              List.of("pending")::equals);

      open.execute(insertion("2040-03-10T02:00:00Z"));
      execute(
          "SET statement_timeout = '2s'",
          insertion("2040-03-10T03:00:00Z"),
          insertion("2040-03-09T03:00:00Z"));
      assertThat(looking).isNotDone();
      connection.commit();
    }
    assertThat(looking.get(60, TimeUnit.SECONDS).dropped()).isEqualTo(3);
    assertThat(column("SELECT count(*) FROM spendwatch.transactions")).containsExactly("3");
  }

  @Test
  void whatSomebodyHoldsIsLeftForTheNextLook() throws Exception {
    PartitionMaintenance hasty = maintenance("partitions.postgres.session.lock_timeout = 100ms");
    try (Connection connection = bed.database().connect("test");
        Statement open = connection.createStatement()) {
      connection.setAutoCommit(false);
      open.execute("SELECT count(*) FROM spendwatch.transactions");
      assertThatThrownBy(() -> look(hasty)).hasMessageContaining("55P03");
      assertThat(column("SELECT spendwatch.partition_state('transactions_20400307')"))
          .containsExactly("pending");
      connection.commit();
    }
    assertThat(metrics.text()).contains("spendwatch_partition_maintenance_failed_total 1.0");
    assertThat(look(hasty)).isEqualTo(new Report(9, 0, 3, 3));
  }

  @Test
  void goesOnWhereACrashHasEndedTheLastLook() throws Exception {
    execute(
        "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20400308 CONCURRENTLY");
    assertThat(look(maintenance)).isEqualTo(new Report(9, 8, 2, 3));
    assertThat(
            column(
                "SELECT relname FROM pg_class WHERE relname ^@ 'transactions_2040030' AND relkind = 'r'"))
        .isEmpty();
  }

  @Test
  void severalAtOnceRemoveEachOnce() throws Exception {
    List<CompletableFuture<Report>> looking = new ArrayList<>();
    for (int node = 0; node < 3; node++) {
      looking.add(maintenance("").look().toCompletableFuture());
    }
    int dropped = 0;
    for (CompletableFuture<Report> each : looking) {
      dropped += each.get(60, TimeUnit.SECONDS).dropped();
    }
    assertThat(dropped).isEqualTo(3);
    assertThat(look(maintenance).dropped()).isZero();
  }

  /**
   * It was taken by Kafka, so it must have a row; that it is older than what is kept is no excuse.
   */
  @Test
  void aRecordForADayThatLeavesOrHasLeftFindsItsPartition() throws Exception {
    insert("2040-03-08T01:00:00Z");
    // Leaving: the first of the two commits of DETACH CONCURRENTLY is done.
    try (Connection connection = bed.database().connect("test");
        Statement open = connection.createStatement()) {
      connection.setAutoCommit(false);
      open.execute("SELECT count(*) FROM spendwatch.transactions");
      assertThatThrownBy(
              () ->
                  execute(
                      "SET lock_timeout = '100ms'",
                      "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20400308 CONCURRENTLY"))
          .hasMessageContaining("lock timeout");
      connection.commit();
    }
    assertThatThrownBy(() -> insert("2040-03-08T02:00:00Z"))
        .hasMessageContaining("no partition of relation");
    ensure("2040-03-08");
    insert("2040-03-08T02:00:00Z");

    // Left, but not dropped yet.
    execute(
        "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20400308 CONCURRENTLY");
    ensure("2040-03-08");
    insert("2040-03-08T03:00:00Z");
    assertThat(column("SELECT count(*) FROM spendwatch.transactions")).containsExactly("3");

    assertThat(look(maintenance).dropped()).isEqualTo(3);
    ensure("2040-03-08");
    insert("2040-03-08T04:00:00Z");
    assertThat(look(maintenance).dropped()).isOne();
    assertThat(column("SELECT count(*) FROM spendwatch.transactions")).containsExactly("0");
  }

  /** Each statement sees each row once, from the beginning to the end; nobody who writes fails. */
  @Test
  void mergesOldDaysIntoTheirMonthBesideWhoeverReadsAndWrites() throws Exception {
    oldDays(3);
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService others = Executors.newFixedThreadPool(2);
    try {
      Future<Long> written =
          others.submit(
              () -> {
                long rows = 0;
                try (Connection connection = bed.database().connect("test");
                    Statement statement = connection.createStatement()) {
                  statement.execute("SET ROLE spendwatch_oltp");
                  while (!over.get()) {
                    statement.execute(
                        insertion(
                            "2020-03-0%dT12:00:00.%06dZ".formatted(1 + rows % 3, rows), "late"));
                    rows++;
                  }
                }
                return rows;
              });
      Future<Long> read =
          others.submit(
              () -> {
                long looks = 0;
                try (Connection connection = bed.database().connect("test")) {
                  connection.setAutoCommit(false);
                  connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                  while (!over.get()) {
                    try (Statement statement = connection.createStatement()) {
                      // The snapshot is taken before the table is looked at.
                      statement.execute("SELECT 1");
                      assertThat(query(statement, COUNT_OLD)).containsExactly("3000");
                    }
                    connection.commit();
                    looks++;
                  }
                }
                return looks;
              });
      PartitionMaintenance merging = maintenance("partitions.merge-busy-max = 50 ms");
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                assertThat(read.isDone() || written.isDone()).isFalse();
                return merge(merging).months() == 1;
              });
      over.set(true);
      assertThat(read.get(20, TimeUnit.SECONDS)).isPositive();
      assertThat(
              column("SELECT count(*) FROM spendwatch.transactions WHERE transaction_id = 'late'"))
          .containsExactly(written.get(20, TimeUnit.SECONDS).toString());
    } finally {
      over.set(true);
      others.shutdownNow();
    }
    assertThat(partitions()).contains("transactions_202003").noneMatch(n -> n.contains("2020030"));
    assertThat(column(COUNT_OLD)).containsExactly("3000");
    assertThat(column("SELECT count(*) FROM spendwatch.merges")).containsExactly("0");
    assertThat(column("SELECT count(*) FROM spendwatch.merged_days")).containsExactly("0");
    assertThat(column("SELECT dropped_before::text FROM spendwatch.settings")).containsOnlyNulls();
    assertThat(metrics.text()).contains("spendwatch_partitions_merged_total 1.0");
    // Late ones, for a day of that month, find the month.
    insert("2020-03-31T23:59:59.999Z");
    assertThat(merge(maintenance("partitions.merge-busy-max = 10 s")))
        .isEqualTo(new Merged(0, 0, false));
  }

  @Test
  void mergingFollowsWhatTheOwnerChangesMeanwhile() throws Exception {
    oldDays(2);
    PartitionMaintenance merging = maintenance("partitions.merge-busy-max = 1 ms");
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              merge(merging);
              return column("SELECT copied FROM spendwatch.merged_days WHERE copied > 3");
            },
            copied -> !copied.isEmpty());
    execute(
        "UPDATE spendwatch.transactions SET amount_minor = 7 WHERE user_id IN ('u-1', 'u-999')",
        "DELETE FROM spendwatch.transactions WHERE user_id IN ('u-2', 'u-998')",
        // Its rows lie elsewhere now.
        "VACUUM FULL spendwatch.transactions_20200301");
    mergeAll(merging);
    assertThat(
            column(
                "SELECT count(*) || ' ' || sum(amount_minor) FROM spendwatch.transactions WHERE event_time < '2021-01-01Z'"))
        .containsExactly("1996 2020");
  }

  /** Who began before the copies were made would not see them in the month. */
  @Test
  void exchangesNothingWhileAnOlderTransactionIsOpen() throws Exception {
    oldDays(2);
    PartitionMaintenance merging = maintenance("partitions.merge-busy-max = 10 s");
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      statement.execute("SELECT 1");
      assertThat(merge(merging)).returns(0, Merged::months).returns(true, Merged::waiting);
      assertThat(merge(merging)).isEqualTo(new Merged(0, 0, true));
      assertThat(query(statement, COUNT_OLD)).containsExactly("2000");
      connection.commit();
    }
    // And for whoever holds the table, only for a moment: nobody queues behind what waits.
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute(COUNT_OLD);
      assertThat(merge(merging)).isEqualTo(new Merged(0, 0, true));
      execute("SET lock_timeout = '1s'", insertion("2040-03-10T03:00:00Z"));
      connection.commit();
    }
    mergeAll(merging);
    assertThat(partitions()).contains("transactions_202003");
  }

  @Test
  void leavesAMonthAloneThatLeavesOrCannotBeCopied() throws Exception {
    oldDays(2);
    execute(
        "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20200302");
    PartitionMaintenance merging = maintenance("partitions.merge-busy-max = 10 s");
    assertThat(merge(merging)).isEqualTo(new Merged(0, 0, false));
    // With a retention it is to go anyway.
    execute("SELECT spendwatch.ensure_partitions('{2020-03-02Z}')");
    assertThat(merge(maintenance(""))).isEqualTo(new Merged(0, 0, false));

    execute(
        "ALTER TABLE spendwatch.transactions DROP CONSTRAINT transactions_amount",
        "UPDATE spendwatch.transactions SET amount_minor = -1 WHERE user_id = 'u-5'",
        "ALTER TABLE spendwatch.transactions ADD CONSTRAINT transactions_amount CHECK (amount_minor > 0) NOT VALID");
    assertThat(merge(merging)).returns(0, Merged::months).returns(false, Merged::waiting);
    assertThat(column("SELECT refused FROM spendwatch.merges").getFirst())
        .contains("transactions_20200301", "transactions_amount");
    execute(
        "UPDATE spendwatch.transactions SET amount_minor = 1 WHERE user_id = 'u-5'",
        "UPDATE spendwatch.merges SET refused = NULL");
    mergeAll(merging);
    assertThat(column(COUNT_OLD)).containsExactly("2000");
  }

  @Test
  void tablesWithOtherNamesAreNotItsOwn() throws Exception {
    execute("CREATE TABLE spendwatch.transactions_backup (id int)");
    assertThat(
            column(
                "SELECT coalesce(spendwatch.drop_detached_partition('transactions_backup')::text, '?')"))
        .containsExactly("false");
    assertThat(column("SELECT spendwatch.drop_detached_partition('transactions_20400310')"))
        .containsExactly("f");
    assertThat(look(maintenance).dropped()).isEqualTo(3);
    execute("DROP TABLE spendwatch.transactions_backup");
  }

  private PartitionMaintenance maintenance(String settings) {
    Config config =
        ConfigFactory.parseString(
                """
                spendwatch {
                  node-id = n
                  postgres.uri = "%s"
                  partitions { retention = %d h, merge-step-blocks = 1 }
                  %s
                }
                """
                    .formatted(bed.pgUri(), RETENTION.toHours(), settings))
            .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
            .withFallback(ConfigFactory.defaultReferenceUnresolved())
            .resolve();
    PartitionsConfig partitions = PartitionsConfig.from(config);
    hot = Database.open(StreamsConfig.from(config).postgres());
    Database owners = Database.open(partitions.postgres());
    opened.add(hot);
    opened.add(owners);
    return new PartitionMaintenance(
        hot,
        Optional.of(owners),
        // Merging goes by the server's clock, and what it merges here is of long ago.
        settings.contains("merge") ? Optional.empty() : partitions.retention(),
        partitions.merging(),
        CLOCK,
        metrics.partitions());
  }

  /** So many days of March 2020, with 1,000 rows each. */
  private void oldDays(int days) throws SQLException {
    for (int day = 1; day <= days; day++) {
      execute(
          "SELECT spendwatch.ensure_partitions('{2020-03-%02dZ}')".formatted(day),
          ("INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,"
                  + " exposure_minor, verdict, kafka_partition, kafka_offset, ingested_at)"
                  + " SELECT 'u-' || k, timestamptz '2020-03-%02dZ' + k * interval '1 minute', 't', 'PURCHASE', 1, 'USD', 1,"
                  + " 'NO_ACCOUNT', 0, k, now() FROM generate_series(1, 1000) AS k")
              .formatted(day));
    }
    execute("UPDATE spendwatch.settings SET partition_granularity = 'auto'");
  }

  private static Merged merge(PartitionMaintenance maintenance) throws Exception {
    return maintenance.mergeOldDays().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static void mergeAll(PartitionMaintenance maintenance) {
    await().atMost(PATIENCE).until(() -> merge(maintenance).equals(new Merged(0, 0, false)));
  }

  private static Report look(PartitionMaintenance maintenance) throws Exception {
    return maintenance.look().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private void ensure(String day) throws SQLException {
    assertThat(column("SELECT spendwatch.ensure_partitions('{" + day + "Z}')"))
        .containsExactly("1");
  }

  private void insert(String eventTime) throws SQLException {
    execute(insertion(eventTime));
  }

  private static String insertion(String eventTime) {
    return insertion(eventTime, "t");
  }

  private static String insertion(String eventTime, String transactionId) {
    return "INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,"
        + " exposure_minor, verdict, kafka_partition, kafka_offset, ingested_at) VALUES ('u', '"
        + eventTime
        + "', '"
        + transactionId
        + "', 'PURCHASE', 1, 'USD', 1, 'NO_ACCOUNT', 0, 0, now())";
  }

  private List<String> partitions() throws SQLException {
    return column(
        "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
            + " WHERE inhparent = 'spendwatch.transactions'::regclass ORDER BY 1");
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private List<String> column(String sql) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      return query(statement, sql);
    }
  }

  private static List<String> query(Statement statement, String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }
}
