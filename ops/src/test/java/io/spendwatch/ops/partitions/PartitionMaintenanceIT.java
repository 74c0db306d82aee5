package io.spendwatch.ops.partitions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.partitions.PartitionMaintenance.Report;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.StreamsConfig;
import io.spendwatch.streams.postgres.Database;
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
import java.util.concurrent.TimeUnit;
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
             WHERE relnamespace = 'spendwatch'::regnamespace AND relkind = 'r' AND relname ^@ 'transactions_'
          LOOP
            EXECUTE 'DROP TABLE ' || partition;
          END LOOP;
        END
        $$""",
        "UPDATE spendwatch.settings SET dropped_before = NULL, partition_granularity = 'day'",
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
            hot, Optional.empty(), Optional.empty(), CLOCK, metrics.partitions());
    assertThat(look(keeps)).isEqualTo(new Report(12, 8, 0, 0));
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
                  partitions.retention = %d h
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
        hot, Optional.of(owners), partitions.retention(), CLOCK, metrics.partitions());
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
    return "INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,"
        + " exposure_minor, verdict, kafka_partition, kafka_offset, ingested_at) VALUES ('u', '"
        + eventTime
        + "', 't', 'PURCHASE', 1, 'USD', 1, 'NO_ACCOUNT', 0, 0, now())";
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
    List<String> values = new ArrayList<>();
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }
}
