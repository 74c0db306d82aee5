package io.spendwatch.ops.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.api.HttpWindows;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.database.Database;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a node decides about balances that change before, after and while transactions come is clean
 * to the audit, run after run; and what is not in force is found.
 */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditBalancesIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Instant T = Instant.parse("2024-07-12T00:00:00Z");

  private TestBed bed;
  private TestDatabase tables;
  private NodeSettings settings;
  private Configuration configuration;
  private Node node;
  private Database database;
  private KafkaProducer<byte[], byte[]> producer;
  private int sent;

  @BeforeAll
  void decide(TestBed servers) throws Exception {
    bed = servers;
    tables = new TestDatabase(bed.database());
    settings =
        NodeSettings.of(bed)
            .set("spendwatch.audit.interval", "1h")
            .set("spendwatch.audit.grace", "2s");
    configuration = Configuration.load();
    node = Node.start(configuration, InstantSource.system());
    database = Database.open(configuration.auditDatabase());
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());

    for (String user : List.of("ordered", "late", "equal", "money", "sql")) {
      balance(user, 1000, "USD", -24 * 60);
    }
    balance("ordered", 50, "USD", 1);
    balance("ordered", 500, "USD", 2);
    balance("money", 10, "EUR", 30);
    await()
        .atMost(LIMIT)
        .until(() -> tables.number("SELECT count(*) FROM spendwatch.account_versions") == 8);
    for (String user : List.of("ordered", "late", "equal", "money", "sql", "after")) {
      spend(user, 0, 100, "USD");
    }
    for (String user : List.of("ordered", "late", "equal", "sql", "after")) {
      spend(user, 60, 1, "USD");
    }
    spend("money", 60, 50, "EUR");
    awaitRows();
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();

    balance("late", 50, "USD", 1);
    balance("late", 500, "USD", 2);
    balance("equal", 50, "USD", 1);
    balance("equal", 200, "USD", 1);
    balance("after", 60, "USD", 60);
    tables.execute(
        "UPDATE spendwatch.accounts SET balance_minor = 40, as_of = '2024-07-12T00:30Z' WHERE user_id = 'sql'");
    await()
        .atMost(LIMIT)
        .until(() -> tables.number("SELECT count(*) FROM spendwatch.account_versions") == 14);
    awaitAlerts("late", 2);
    awaitAlerts("after", 1);
    awaitAlerts("sql", 1);
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();

    for (String user : List.of("ordered", "late", "equal", "sql", "after")) {
      spend(user, 120, 1, "USD");
    }
    // Behind everything of the first day.
    spend("ordered", 30 * 60, 1, "USD");
    for (String user : List.of("late", "equal", "sql", "after")) {
      spend(user, 30 * 60, 1, "USD");
    }
    spend("money", 30 * 60, 1, "EUR");
    awaitRows();
    awaitAlerts("money", 2);
  }

  @AfterAll
  void end() throws Exception {
    producer.close();
    node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    settings.close();
  }

  @Test
  void theSameIsAnnouncedWhetherAVersionCameInTimeOrLate() {
    assertThat(alerts("ordered"))
        .isEqualTo("RAISED 00:01 100/50 BALANCE, CLEARED 00:02 100/500 BALANCE");
    assertThat(alerts("late"))
        .isEqualTo("RAISED 00:01 100/50 BALANCE late, CLEARED 00:02 100/500 BALANCE late");
    assertThat(alerts("after")).startsWith("RAISED 00:00 100/60 late");
    assertThat(alerts("money")).isEqualTo("RAISED 01:00 50/10, CLEARED 01:00 0/10 EXPIRY");
  }

  @Test
  void allOfItIsClean() {
    await().atMost(LIMIT).untilAsserted(() -> assertThat(audit(Mode.INCREMENTAL)).isEmpty());
    assertThat(audit(Mode.FULL)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WRONG_BALANCE  | UPDATE spendwatch.transactions SET balance_version = 1, balance_minor = 1000, known_version = 3 WHERE user_id = 'ordered' AND event_time = '2024-07-12T02:00Z'
          MISSING_ALERT  | DELETE FROM spendwatch.alerts WHERE user_id = 'ordered' AND type = 'RAISED'
          MISSING_CLEARED | DELETE FROM spendwatch.alerts WHERE user_id = 'ordered' AND type = 'CLEARED'
          MISSING_ALERT  | DELETE FROM spendwatch.alerts WHERE user_id = 'late' AND type = 'RAISED'
          WRONG_ALERT    | UPDATE spendwatch.alerts SET balance_minor = 51 WHERE user_id = 'late' AND type = 'RAISED'
          WRONG_ALERT    | UPDATE spendwatch.alerts SET exposure_minor = 99 WHERE user_id = 'ordered' AND type = 'RAISED'
          """)
  void findsWhatIsPlantedAndNothingElse(FindingKind kind, String sql) {
    try (RowsBefore _ = new RowsBefore(tables, "true")) {
      tables.execute(sql);
      // The node's memory knows better than the tables now.
      assertThat(Decisions.of(audit(Mode.FULL, Ports.free())))
          .singleElement()
          .extracting(Finding::kind)
          .isEqualTo(kind);
    }
  }

  private List<Finding> audit(Mode mode) {
    return audit(mode, node.httpPort());
  }

  /** With the windows that are shown at this port. */
  private List<Finding> audit(Mode mode, int port) {
    return new Reconciliation(
            database,
            configuration.streams().kafka(),
            configuration.audit(),
            Optional.empty(),
            new HttpWindows(URI.create("http://127.0.0.1:" + port), Duration.ofSeconds(10)),
            InstantSource.system())
        .run(mode, Duration.ZERO)
        .orElseThrow()
        .findings();
  }

  private String alerts(String user) {
    return tables.text(
        "SELECT string_agg(concat_ws(' ', type, to_char(event_time AT TIME ZONE 'UTC', 'HH24:MI'), exposure_minor || '/' || balance_minor,"
            + " cause, CASE WHEN late THEN 'late' END), ', ' ORDER BY partition_seq) FROM spendwatch.alerts WHERE user_id = '%s'"
                .formatted(user));
  }

  private void balance(String user, long minor, String currency, int minutes) throws Exception {
    long asOfMs = T.plus(Duration.ofMinutes(minutes)).toEpochMilli();
    byte[] value = BalanceCodec.encode(new Balance(user, user, minor, currency, asOfMs));
    producer.send(new ProducerRecord<>(bed.topics().balances(), user.getBytes(UTF_8), value)).get();
  }

  private void spend(String user, int minutes, long minor, String currency) throws Exception {
    long atMs = T.plus(Duration.ofMinutes(minutes)).toEpochMilli();
    byte[] value =
        TransactionCodec.encode(
            new Transaction(
                "t" + sent++, user, minor, currency, atMs, TransactionKind.PURCHASE, null, null));
    producer
        .send(new ProducerRecord<>(bed.topics().transactions(), user.getBytes(UTF_8), value))
        .get();
  }

  private void awaitRows() {
    await()
        .atMost(LIMIT)
        .until(() -> tables.number("SELECT count(*) FROM spendwatch.transactions") == sent);
  }

  private void awaitAlerts(String user, int alerts) {
    await()
        .atMost(LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT count(*) FROM spendwatch.alerts WHERE user_id = '" + user + "'")
                    >= alerts);
  }
}
