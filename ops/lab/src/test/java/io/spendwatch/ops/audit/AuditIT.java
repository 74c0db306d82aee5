package io.spendwatch.ops.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.api.HttpWindows;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.lab.sandbox.Ports;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.testing.DataSets;
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
import io.spendwatch.streams.kafka.KafkaConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.pekko.Done;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * What a node has decided about several sets, in order and out of it, with refunds, duplicates,
 * changed balances and bad records, is clean, while it decides about more. Every kind of error,
 * planted into it, is found, and nothing else.
 */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** Of each sort, so many are tried: an audit of all for each. */
  private static final int CANDIDATES = 2;

  /** A row with nothing of its user within a day before or after it, and no alert of its user. */
  private static final String LONELY =
      """
      (SELECT user_id, transaction_id FROM spendwatch.transactions lone WHERE verdict = 'CLEAR'
          AND user_id NOT IN (SELECT user_id FROM spendwatch.alerts)
          AND NOT EXISTS (SELECT FROM spendwatch.transactions other WHERE other.user_id = lone.user_id
                AND other.transaction_id <> lone.transaction_id
                AND other.event_time BETWEEN lone.event_time - interval '25 h' AND lone.event_time + interval '25 h')
        ORDER BY user_id, transaction_id LIMIT 1)
      """;

  private final AtomicLong produced = new AtomicLong();
  private final ScheduledExecutorService traffic = Executors.newSingleThreadScheduledExecutor();
  private DataSets sets;
  private TestBed bed;
  private TestDatabase tables;
  private NodeSettings settings;
  private Configuration configuration;
  private Node node;
  private Database database;
  private KafkaProducer<byte[], byte[]> producer;

  @BeforeAll
  void start(TestBed servers, @TempDir Path directory) throws Exception {
    bed = servers;
    tables = new TestDatabase(bed.database());
    sets = new DataSets(directory, bed.bootstrapServers(), bed.topics(), bed.group());
    settings =
        NodeSettings.of(bed)
            // Runs are the tests'.
            .set("spendwatch.audit.interval", "1h")
            .set("spendwatch.audit.grace", "2s")
            .set("spendwatch.sales-metrics.enabled", "true");
    configuration = Configuration.load();
    node = Node.start(configuration, InstantSource.system());
    database = Database.open(configuration.auditDatabase());
    producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                bed.bootstrapServers(),
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class));

    decide("ordered", "--users=60", "--transactions=5000", "--seed=21");
    decide("sparse", "--users=400", "--transactions=1200", "--seed=22", "--span=20d");
    // The users of the first set again, with other balances.
    decide(
        "late",
        "--users=30",
        "--transactions=3000",
        "--seed=23",
        "--disorder=0.2",
        "--disorder-max=30h",
        "--duplicates=0.05",
        "--refunds=0.3");
    var _ =
        producer.send(new ProducerRecord<>(bed.topics().transactions(), "k".getBytes(UTF_8), null));
    var _ =
        producer.send(
            new ProducerRecord<>(
                bed.topics().transactions(), "k".getBytes(UTF_8), "no JSON".getBytes(UTF_8)));
    tables.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) SELECT 'live' || n, 'USD',"
            + " 100000 FROM generate_series(0, 49) AS n");
    var _ = traffic.scheduleAtFixedRate(this::produce, 0, 10, TimeUnit.MILLISECONDS);
    await().atMost(LIMIT).until(() -> count("live%") > 100);
    await()
        .atMost(LIMIT)
        .until(() -> tables.number("SELECT count(*) FROM spendwatch.user_features_versions") > 0);
  }

  @AfterAll
  void end() throws Exception {
    // Of all that was planted and taken back, nothing is left.
    assertThat(audit(Mode.FULL, new NobodysWindows()).findings()).isEmpty();
    assertThat(openFindings()).isZero();
    traffic.shutdownNow();
    producer.close();
    node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    settings.close();
  }

  /** Now and then too late, or too much. */
  private void produce() {
    long n = produced.getAndIncrement();
    Transaction transaction =
        new Transaction(
            "live-" + n,
            "live" + n % 50,
            n % 97 == 0 ? 90_000 : 1000,
            "USD",
            System.currentTimeMillis() - (n % 20 == 0 ? 5000 : 0),
            n % 11 == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
            null,
            null);
    var _ =
        producer.send(
            new ProducerRecord<>(
                bed.topics().transactions(),
                transaction.userId().getBytes(UTF_8),
                TransactionCodec.encode(transaction)));
  }

  @Test
  void allThatWasDecidedIsCleanWhileMoreIsDecided() {
    AuditReport full = audit(Mode.FULL, windows());
    assertThat(full.findings()).isEmpty();
    assertThat(full.transactions()).isGreaterThan(9000);
    assertThat(full.alerts()).isGreaterThan(100);
    assertThat(full.usersAwake()).isGreaterThan(50);
    assertThat(full.text()).contains("clean: the tables say the same");

    long assessed = 0;
    for (int i = 0; i < 5; i++) {
      long before = count("live%");
      await().atMost(LIMIT).until(() -> count("live%") > before + 50);
      AuditReport more = audit(Mode.INCREMENTAL, windows());
      assertThat(more.findings()).isEmpty();
      assessed += more.transactions();
    }
    assertThat(assessed).isBetween(250L, full.transactions());
    tables.execute("DELETE FROM spendwatch.reconciliation_positions");
    assertThat(audit(Mode.INCREMENTAL, new NobodysWindows()).findings()).isEmpty();
  }

  static Stream<Arguments> plants() {
    String raised =
        "(SELECT min(alert_id) FROM spendwatch.alerts WHERE type = 'RAISED' AND NOT late AND user_id LIKE 'u%')";
    String lateRaised =
        "(SELECT min(alert_id) FROM spendwatch.alerts AS a WHERE type = 'RAISED' AND late AND user_id LIKE 'u%'"
            + " AND EXISTS (SELECT FROM spendwatch.alerts b WHERE b.episode_id = a.episode_id AND b.type = 'CLEARED'))";
    String cleared =
        "(SELECT min(alert_id) FROM spendwatch.alerts WHERE type = 'CLEARED' AND cause = '%s' AND NOT late"
            + " AND user_id LIKE 'u%%')";
    String extra =
        """
        INSERT INTO spendwatch.alerts
        SELECT 'planted', type, rule, 'planted', user_id, transaction_id, exposure_minor, balance_minor, currency, transactions,
               window_start, event_time, detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset,
               (SELECT max(partition_seq) + 1 FROM spendwatch.alerts b WHERE b.kafka_partition = a.kafka_partition) + 1000
          FROM spendwatch.alerts a WHERE alert_id = %s
        """;
    return Stream.of(
        plant(
            FindingKind.WRONG_EXPOSURE,
            "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor + 1 WHERE (user_id, transaction_id) = "
                + LONELY),
        plant(
            FindingKind.WRONG_VERDICT,
            "UPDATE spendwatch.transactions SET verdict = 'BREACH' WHERE (user_id, transaction_id) = "
                + LONELY),
        plant(
            FindingKind.WRONG_VERDICT,
            "UPDATE spendwatch.transactions SET verdict = 'CLEAR' WHERE (user_id, transaction_id) ="
                + " (SELECT user_id, transaction_id FROM spendwatch.transactions WHERE verdict = 'TOO_LATE'"
                + " ORDER BY user_id, transaction_id LIMIT 1)"),
        plant(
            FindingKind.WRONG_BALANCE,
            "UPDATE spendwatch.transactions SET balance_minor = balance_minor + 1 WHERE (user_id, transaction_id) = "
                + LONELY),
        plant(
            FindingKind.MISSING_ALERT, "DELETE FROM spendwatch.alerts WHERE alert_id = " + raised),
        plant(
            FindingKind.MISSING_ALERT,
            "DELETE FROM spendwatch.alerts WHERE alert_id = " + lateRaised),
        plant(
            FindingKind.MISSING_CLEARED,
            "DELETE FROM spendwatch.alerts WHERE alert_id = " + cleared.formatted("EXPIRY")),
        plant(
            FindingKind.MISSING_CLEARED,
            "DELETE FROM spendwatch.alerts WHERE alert_id = " + cleared.formatted("REFUND")),
        plant(FindingKind.EXTRA_ALERT, extra.formatted(raised)),
        plant(FindingKind.EXTRA_ALERT, extra.formatted(lateRaised)),
        plant(FindingKind.EXTRA_ALERT, extra.formatted(cleared.formatted("EXPIRY"))),
        plant(
            FindingKind.WRONG_ALERT,
            "UPDATE spendwatch.alerts SET exposure_minor = exposure_minor + 1 WHERE alert_id = "
                + raised),
        plant(
            FindingKind.WRONG_ALERT,
            "UPDATE spendwatch.alerts SET balance_minor = balance_minor - 1 WHERE alert_id = "
                + raised),
        plant(
            FindingKind.OFFSET_GAP,
            "DELETE FROM spendwatch.transactions WHERE (user_id, transaction_id) = " + LONELY),
        plant(
            FindingKind.ROW_WITHOUT_RECORD,
            """
            INSERT INTO spendwatch.transactions
            SELECT 'nobody', event_time, 'planted', kind, amount_minor, currency, merchant, original_transaction_id, exposure_minor,
                   balance_minor, balance_version, verdict, kafka_partition, 1000000000000, ingested_at
              FROM spendwatch.transactions WHERE (user_id, transaction_id) =
            """
                + LONELY));
  }

  private static Arguments plant(FindingKind kind, String sql) {
    return Arguments.of(kind, sql);
  }

  @ParameterizedTest
  @MethodSource("plants")
  void findsWhatIsPlantedAndNothingElse(FindingKind kind, String sql) {
    tables.execute(
        "CREATE TABLE public.rows_before AS SELECT * FROM spendwatch.transactions WHERE user_id NOT LIKE 'live%'",
        "CREATE TABLE public.alerts_before AS SELECT * FROM spendwatch.alerts WHERE user_id NOT LIKE 'live%'");
    try {
      tables.execute(sql);
      AuditReport report = audit(Mode.FULL, new NobodysWindows());
      Finding finding = onlyDecision(report);
      assertThat(finding.kind()).isEqualTo(kind);
      assertThat(report.usersAwake()).isNull();
      assertThat(finding.expected()).isNotEqualTo(finding.actual());
      // What it is shown by can be run as it stands.
      assertThat(tables.column(finding.reproduce())).isNotNull();
      assertThat(report.text()).contains(kind.name(), finding.reproduce());
      if (sql.contains("UPDATE spendwatch.transactions")) {
        // By the shorter way to who is plainly right, too: all is new here.
        tables.execute("DELETE FROM spendwatch.reconciliation_positions");
        assertThat(audit(Mode.INCREMENTAL, new NobodysWindows()).findings())
            .singleElement()
            .extracting(Finding::kind)
            .isEqualTo(kind);
      }
    } finally {
      tables.execute(
          "DELETE FROM spendwatch.transactions WHERE user_id NOT LIKE 'live%'",
          // Not what was announced meanwhile.
          "DELETE FROM spendwatch.alerts WHERE alert_id = 'planted' OR alert_id IN (SELECT alert_id FROM public.alerts_before)",
          "INSERT INTO spendwatch.transactions SELECT * FROM public.rows_before",
          "INSERT INTO spendwatch.alerts SELECT * FROM public.alerts_before",
          "DROP TABLE public.rows_before, public.alerts_before");
    }
  }

  /** What else is found are the roll-ups of the row that was changed. */
  private static Finding onlyDecision(AuditReport report) {
    List<Finding> decisions = Decisions.of(report.findings());
    assertThat(decisions).hasSize(1);
    return decisions.getFirst();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WRONG_HOURLY_SPEND  | UPDATE spendwatch.hourly_spend SET breaches = breaches + 1 WHERE hour = (SELECT min(hour) FROM spendwatch.hourly_spend) | UPDATE spendwatch.hourly_spend SET breaches = breaches - 1 WHERE hour = (SELECT min(hour) FROM spendwatch.hourly_spend)
          WRONG_HOURLY_SPEND  | INSERT INTO spendwatch.hourly_spend VALUES ('2001-01-01Z', 'planted', 'USD', 1, 1, 0, 0) | DELETE FROM spendwatch.hourly_spend WHERE merchant = 'planted'
          WRONG_MINUTE_SALES  | UPDATE spendwatch.minute_sales SET refunds = refunds + 1 WHERE minute = (SELECT min(minute) FROM spendwatch.minute_sales) | UPDATE spendwatch.minute_sales SET refunds = refunds - 1 WHERE minute = (SELECT min(minute) FROM spendwatch.minute_sales)
          WRONG_DAILY_USERS   | UPDATE spendwatch.daily_users SET excess_max_minor = excess_max_minor + 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_users WHERE user_id = 'u1') | UPDATE spendwatch.daily_users SET excess_max_minor = excess_max_minor - 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_users WHERE user_id = 'u1')
          WRONG_DAILY_HABITS  | UPDATE spendwatch.daily_habits SET hours = hours # 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_habits WHERE user_id = 'u1') | UPDATE spendwatch.daily_habits SET hours = hours # 1 WHERE user_id = 'u1' AND day = (SELECT min(day) FROM spendwatch.daily_habits WHERE user_id = 'u1')
          WRONG_HOURLY_ALERTS | INSERT INTO spendwatch.hourly_alerts VALUES ('2001-01-01Z', 'RAISED', false, 1) | DELETE FROM spendwatch.hourly_alerts WHERE hour = '2001-01-01Z'
          WRONG_USER_RISK     | UPDATE spendwatch.user_risk SET exposure_minor = exposure_minor + 1 WHERE user_id = 'u1' | UPDATE spendwatch.user_risk SET exposure_minor = exposure_minor - 1 WHERE user_id = 'u1'
          WRONG_USER_RISK     | UPDATE spendwatch.user_risk SET max_1h_minor = max_1h_minor + 1 WHERE user_id = 'u1' | UPDATE spendwatch.user_risk SET max_1h_minor = max_1h_minor - 1 WHERE user_id = 'u1'
          WRONG_USER_FEATURES | INSERT INTO spendwatch.user_features SELECT 'planted', 'USD', max(as_of), now(), 1, 1, 1, 1, 0, '{1}', 0, '{}' FROM spendwatch.user_features_versions WHERE next_user IS NULL | DELETE FROM spendwatch.user_features WHERE user_id = 'planted'
          CHANGED_RUN         | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET findings = findings + 1 WHERE place = (SELECT min(place) FROM spendwatch.reconciliation_runs WHERE findings IS NOT NULL); RESET session_replication_role | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET findings = findings - 1 WHERE place = (SELECT min(place) FROM spendwatch.reconciliation_runs WHERE findings IS NOT NULL); RESET session_replication_role
          CHANGED_RUN         | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET place = -1 WHERE place = 1; RESET session_replication_role | SET session_replication_role = replica; UPDATE spendwatch.reconciliation_runs SET place = 1 WHERE place = -1; RESET session_replication_role
          """)
  void findsWhatIsWrongInARollupAndNothingElse(FindingKind kind, String plant, String undo) {
    tables.execute(plant);
    try {
      AuditReport report = audit(Mode.FULL, new NobodysWindows());
      assertThat(report.findings()).isNotEmpty().allMatch(found -> found.kind() == kind);
      Finding finding = report.findings().getFirst();
      assertThat(finding.expected()).isNotEqualTo(finding.actual());
      assertThat(tables.column(finding.reproduce())).isNotNull();
    } finally {
      tables.execute(undo);
    }
  }

  /**
   * Wherever it is among its user's: one error is one finding, although what is open afterwards is
   * not what was announced.
   */
  @ParameterizedTest
  @CsvSource({"RAISED, false", "RAISED, true", "CLEARED, false", "CLEARED, true"})
  void oneAlertTooManyIsOneFinding(String type, boolean late) {
    String from =
        " FROM spendwatch.alerts AS a WHERE user_id LIKE 'u%' AND type = '"
            + type
            + "' AND late = "
            + late;
    long all = tables.number("SELECT count(*)" + from);
    int some = (int) Math.min(CANDIDATES, all);
    assertThat(some).isPositive();
    for (int i = 0; i < some; i++) {
      tables.execute(
          "INSERT INTO spendwatch.alerts SELECT 'planted', type, rule, 'planted', user_id, transaction_id, exposure_minor,"
              + " balance_minor, currency, transactions, window_start, event_time, detected_at, late, cause, kafka_topic,"
              + " kafka_partition, kafka_offset, partition_seq + 1000000"
              + from
              + " ORDER BY user_id, event_time, kafka_partition, kafka_offset, partition_seq LIMIT 1 OFFSET "
              + i * all / some);
      try {
        assertThat(List.of(onlyDecision(audit(Mode.FULL, new NobodysWindows()))))
            .as("number %d of %d", i * all / some, all)
            .singleElement()
            .satisfies(
                finding -> {
                  assertThat(finding.kind()).isEqualTo(FindingKind.EXTRA_ALERT);
                  assertThat(finding.alertId()).isEqualTo("planted");
                });
      } finally {
        tables.execute("DELETE FROM spendwatch.alerts WHERE alert_id = 'planted'");
      }
    }
  }

  @Test
  void anIncrementalRunFindsWhatIsNewAndWrong() {
    // Of all, so that what other tests have planted is resolved.
    assertThat(audit(Mode.FULL, new NobodysWindows()).isClean()).isTrue();
    assertThat(openFindings()).isZero();
    long count = count("live%");
    await().atMost(LIMIT).until(() -> count("live%") > count + 100);
    String newest =
        "(SELECT transaction_id FROM spendwatch.transactions WHERE user_id LIKE 'live%' ORDER BY ingested_at DESC LIMIT 1)";
    tables.execute(
        "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor + 1 WHERE transaction_id = "
            + newest);
    AuditReport report = audit(Mode.INCREMENTAL, new NobodysWindows());
    while (report.isClean()) {
      // It was not settled yet.
      report = audit(Mode.INCREMENTAL, new NobodysWindows());
    }
    assertThat(report.findings())
        .singleElement()
        .extracting(Finding::kind)
        .isEqualTo(FindingKind.WRONG_EXPOSURE);
    assertThat(report.transactions()).isLessThan(5000);
    Finding found = report.findings().getFirst();
    tables.execute(
        "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor - 1 WHERE transaction_id = '%s'"
            .formatted(found.transactionId()));
    // Looks at what is new only: the finding stays open until all is looked at.
    assertThat(audit(Mode.INCREMENTAL, new NobodysWindows()).isClean()).isTrue();
    assertThat(openFindings()).isOne();
    assertThat(audit(Mode.FULL, new NobodysWindows()).isClean()).isTrue();
    assertThat(openFindings()).isZero();
  }

  /** An old snapshot keeps the database from clearing up behind the writers. */
  @Test
  void noShareOfTheUsersIsAssessedOnTheSnapshotOfTheOneBefore() throws Exception {
    int rows = Math.toIntExact(tables.number("SELECT count(*) FROM spendwatch.transactions"));
    AuditConfig config = configuration.audit();
    tables.execute("ANALYZE spendwatch.transactions");
    Reconciliation inShares =
        reconciliation(
            new AuditConfig(
                config.interval(),
                Math.max(1000, rows / 3),
                config.findingsMax(),
                config.windowsMax(),
                config.grace(),
                config.clearGrace()),
            new NobodysWindows());
    CompletableFuture<AuditReport> report;
    String first;
    try (Connection shares = bed.database().connect("test");
        Connection rest = bed.database().connect("test")) {
      lock(shares, "spendwatch.account_versions");
      lock(rest, "spendwatch.lost_records");
      report =
          CompletableFuture.supplyAsync(() -> inShares.run(Mode.FULL, Duration.ZERO).orElseThrow());
      first = awaitBlocked("TEMPORARY TABLE version");
      shares.rollback();
      String last = awaitBlocked("LOST_RECORDS");
      assertThat(last).as("began").isGreaterThan(first);
      rest.rollback();
    }
    assertThat(report.get(LIMIT.toSeconds(), TimeUnit.SECONDS).findings()).isEmpty();
  }

  private static void lock(Connection connection, String table) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      boolean _ = statement.execute("LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE");
    }
  }

  /** When the transaction began that waits with this in its statement. */
  private String awaitBlocked(String statement) {
    String blocked =
        " FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%"
            + statement
            + "%'";
    await().atMost(LIMIT).until(() -> tables.number("SELECT count(*)" + blocked) == 1);
    return tables.text("SELECT xact_start" + blocked);
  }

  @Test
  void whatIsLostIsFoundUntilSomebodyAcknowledgesIt() {
    tables.execute(
        "INSERT INTO spendwatch.lost_records (topic, topic_id, kafka_partition, from_offset, to_offset, reason, noticed_by,"
            + " noticed_at) VALUES ('transactions', 'id', 1, 10, 25, 'EXPIRED', 'a', now()), ('balances', 'id', 1, 10, NULL,"
            + " 'TOPIC_REPLACED', 'a', now() + interval '1 s')");
    for (Mode mode : List.of(Mode.INCREMENTAL, Mode.FULL, Mode.INCREMENTAL)) {
      assertThat(audit(mode, new NobodysWindows()).findings())
          .singleElement()
          .satisfies(
              finding -> {
                assertThat(finding.kind()).isEqualTo(FindingKind.LOST_RECORDS);
                assertThat(finding.kafkaPartition()).isEqualTo(1);
                assertThat(finding.kafkaOffset()).isEqualTo(10);
                assertThat(finding.actual())
                    .isEqualTo("transactions offsets [10, 25); balances offsets [10, unknown)");
                assertThat(tables.column(finding.reproduce())).hasSize(2);
              });
    }
    await().atMost(LIMIT).until(() -> node.status().lostRecords().size() == 2);
    tables.execute("UPDATE spendwatch.lost_records SET acknowledged_at = now()");
    assertThat(audit(Mode.INCREMENTAL, new NobodysWindows()).isClean()).isTrue();
    assertThat(openFindings()).isZero();
    await().atMost(LIMIT).until(() -> node.status().lostRecords().isEmpty());
  }

  @Test
  void whoHasMissedAChangeOfTheBalanceIsToldToReadAnew() throws Exception {
    tables.execute(
        "ALTER TABLE spendwatch.accounts DISABLE TRIGGER USER",
        "UPDATE spendwatch.accounts SET balance_minor = balance_minor + 1, balance_version = balance_version + 1,"
            + " updated_at = now() - interval '1 min' WHERE user_id = 'live7'",
        "ALTER TABLE spendwatch.accounts ENABLE TRIGGER USER");
    AuditReport report = audit(Mode.FULL, windows());
    assertThat(report.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(FindingKind.ACTOR_DRIFT);
              assertThat(finding.userId()).isEqualTo("live7");
              assertThat(finding.expected()).contains("balance version 2");
              assertThat(finding.actual()).contains("balance version 1");
            });
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(audit(Mode.INCREMENTAL, windows()).findings()).isEmpty());
    assertThat(openFindings()).isZero();
  }

  @Test
  void aBalanceThatIsNotInForceYetIsNoDrift() {
    long inFourMinutes = System.currentTimeMillis() + 4 * 60_000;
    Balance balance = new Balance("live9", "live9", 100_000, "USD", inFourMinutes);
    var _ =
        producer.send(
            new ProducerRecord<>(
                bed.topics().balances(),
                balance.userId().getBytes(UTF_8),
                BalanceCodec.encode(balance)));
    // Longer ago than the grace: whoever is not told of it by now has missed it.
    await()
        .atMost(LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT count(*) FROM spendwatch.accounts WHERE user_id = 'live9' AND balance_version = 2"
                            + " AND updated_at < clock_timestamp() - interval '3 s'")
                    == 1);

    assertThat(audit(Mode.FULL, windows()).findings()).isEmpty();
  }

  @Test
  void aWindowThatIsNotWhatIsStoredIsFound() {
    List<String> reread = new ArrayList<>();
    AwakeWindows drifted =
        new AwakeWindows() {
          private final AwakeWindows real = windows();

          @Override
          public CompletionStage<PartitionWindows> page(int partition, String after, int usersMax) {
            return real.page(partition, after, usersMax).thenApply(AuditIT::drift);
          }

          @Override
          public CompletionStage<PartitionWindows> of(int partition, List<String> userIds) {
            return real.of(partition, userIds).thenApply(AuditIT::drift);
          }

          @Override
          public CompletionStage<Done> reread(int partition, List<String> userIds) {
            reread.addAll(userIds);
            return real.reread(partition, userIds);
          }
        };
    AuditReport report = audit(Mode.FULL, drifted);
    assertThat(report.findings())
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.kind()).isEqualTo(FindingKind.ACTOR_DRIFT);
              assertThat(finding.userId()).isEqualTo("live3");
            });
    assertThat(reread).containsExactly("live3");
    assertThat(audit(Mode.FULL, windows()).findings()).isEmpty();
    assertThat(openFindings()).isZero();
  }

  private static PartitionWindows drift(PartitionWindows windows) {
    return new PartitionWindows(
        windows.partition(),
        windows.consumed(),
        windows.lastOffset(),
        windows.streamTimeMs(),
        windows.users().stream()
            .map(
                user ->
                    user.userId().equals("live3")
                        ? new UserWindow(
                            user.userId(),
                            user.atMs(),
                            user.exposureMinor() + 1,
                            user.transactions(),
                            user.balance(),
                            user.openEpisodeId())
                        : user)
            .toList(),
        windows.more());
  }

  @Test
  void namesTheServerThatIsAway() {
    KafkaConfig kafka = configuration.streams().kafka();
    var away =
        new KafkaConfig(
            kafka.nodeId(),
            "127.0.0.1:" + Ports.free(),
            kafka.groupId(),
            kafka.topics(),
            kafka.partitioner(),
            kafka.sessionTimeout(),
            kafka.transactionTimeout(),
            kafka.requestTimeout(),
            kafka.fetchBytesMin(),
            kafka.fetchWaitMax(),
            Map.of("default.api.timeout.ms", "1000"));
    assertThatThrownBy(
            () -> reconciliation(away, new NobodysWindows()).run(Mode.FULL, Duration.ZERO))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("Kafka at " + away.bootstrapServers());
  }

  @Test
  void doesNothingWhereAnotherHasJustRun() {
    assertThat(audit(Mode.INCREMENTAL, new NobodysWindows()).isClean()).isTrue();
    assertThat(
            reconciliation(configuration.streams().kafka(), new NobodysWindows())
                .run(Mode.INCREMENTAL, Duration.ofMinutes(1)))
        .isEmpty();
  }

  private AuditReport audit(Mode mode, AwakeWindows windows) {
    return reconciliation(configuration.streams().kafka(), windows)
        .run(mode, Duration.ZERO)
        .orElseThrow();
  }

  private Reconciliation reconciliation(KafkaConfig kafka, AwakeWindows windows) {
    return reconciliation(kafka, configuration.audit(), windows);
  }

  /** Their rows have the user, or may have: each is erased, or a reason is here. */
  @Test
  void noColumnThatCouldNameAUserIsForgottenByAnErasure() {
    Set<String> columns =
        new TreeSet<>(
            tables.column(
                "SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
                    + " WHERE relnamespace = 'spendwatch'::regnamespace AND relkind IN ('r', 'p')"
                    + " AND NOT relispartition AND attnum > 0 AND NOT attisdropped AND relname <> 'flyway_schema_history'"
                    + " AND (atttypid IN ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype, 'json'::regtype,"
                    + " 'jsonb'::regtype, 'text[]'::regtype, 'varchar[]'::regtype) OR attname LIKE '%user%')"));
    Set<String> known = new TreeSet<>(Erased.COLUMNS);
    known.addAll(Erased.REASONS.keySet());
    assertThat(columns).isEqualTo(known);
  }

  /**
   * Days of one user, with episodes, duplicates, a late record, versions of the balance, and a
   * finding; then nothing of it, anywhere. Who comes back is new.
   */
  @Test
  void whoIsErasedIsNowhereAndEverythingStillAddsUp() throws Exception {
    String user = "Erasable Ünïcode 用户";
    long now = System.currentTimeMillis();
    long hour = 3_600_000;
    send(balance(user, 20_000, now - 240 * hour), balance(user, 10_000, now - 30 * hour));
    await()
        .atMost(LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT count(*) FROM spendwatch.account_versions WHERE user_id = '"
                            + user
                            + "'")
                    == 2);
    spend(user, "e-1", 1_000, now - 200 * hour);
    spend(user, "e-2", 25_000, now - 100 * hour);
    spend(user, "e-3", 2_000, now - 40 * hour);
    spend(user, "e-4", 3_000, now - 4 * hour);
    spend(user, "e-5", 9_000, now - 2 * hour);
    // Once more, also with another event time; and what makes it a breach sooner.
    spend(user, "e-3", 2_000, now - 40 * hour);
    spend(user, "e-5", 9_000, now - hour);
    spend(user, "e-6", 8_000, now - 3 * hour);
    var _ =
        producer.send(
            new ProducerRecord<>(
                bed.topics().transactions(), user.getBytes(UTF_8), "no JSON".getBytes(UTF_8)));
    producer.flush();
    String rowsOfUser =
        "SELECT count(*) FROM spendwatch.transactions WHERE user_id = '" + user + "'";
    await()
        .atMost(LIMIT)
        .until(
            () -> tables.number(rowsOfUser.replace("transactions", "rolled_up_transactions")) == 6);
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.open_episodes WHERE user_id = '" + user + "'"))
        .isOne();
    String planted =
        "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor %s 1 WHERE user_id = '"
            + user
            + "' AND transaction_id = 'e-2'";
    tables.execute(planted.formatted("+"));
    assertThat(audit(Mode.FULL, new NobodysWindows()).findings()).isNotEmpty();
    tables.execute(planted.formatted("-"));
    AuditReport before = audit(Mode.FULL, windows());
    assertThat(before.findings()).isEmpty();
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.reconciliation_findings WHERE user_id = '"
                    + user
                    + "'"))
        .isPositive();
    String alertId =
        tables.text(
            "SELECT alert_id FROM spendwatch.alerts WHERE user_id = '"
                + user
                + "' AND type = 'RAISED' ORDER BY event_time DESC LIMIT 1");

    String rehearsed = erase(0, user, "--json");
    assertThat(rehearsed).contains("\"done\":false", "\"table\":\"transactions\",\"rows\":6");
    assertThat(tables.number(rowsOfUser)).isEqualTo(6);
    // Whose transactions still come is left alone.
    assertThat(Spendwatch.run(Spendwatch.COMMANDS, "erase", "live3", "--yes")).isOne();
    await()
        .atMost(LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT extract(epoch FROM clock_timestamp() - max(ingested_at))::bigint FROM"
                            + " spendwatch.transactions WHERE user_id = '"
                            + user
                            + "'")
                    > 10);
    String said = erase(0, user, "--yes");
    assertThat(said)
        .contains("transactions                 had 6 rows", "archive: left out; there is none");
    assertThat(said)
        .contains("topic " + bed.topics().transactions() + " keeps what it has until 20");

    assertThat(tablesWith(user)).isEmpty();
    String pseudonym = tables.text("SELECT pseudonym FROM spendwatch.erasures");
    assertThat(pseudonym).startsWith("erased-");
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.transactions WHERE user_id = '" + pseudonym + "'"))
        .isEqualTo(6);
    assertThat(audit(Mode.INCREMENTAL, windows()).findings()).isEmpty();
    AuditReport after = audit(Mode.FULL, windows());
    assertThat(after.findings()).isEmpty();
    assertThat(after.alerts()).isGreaterThanOrEqualTo(before.alerts());
    assertThat(
            new Explanations(database, bed.topics(), 10, new ArchiveAccess.Absent("there is none"))
                .of(alertId, null, null)
                .differences())
        .isEmpty();
    assertThat(
            answer("/api/v1/users/" + URLEncoder.encode(user, UTF_8).replace("+", "%20"))
                .statusCode())
        .isEqualTo(404);
    assertThat(answer("/api/v1/users/" + pseudonym).body())
        .contains("\"exposure\":\"200.00\"", "\"username\":null");
    assertThat(
            tables.text(
                "SELECT outcome FROM spendwatch.operator_actions WHERE action = 'erase --yes'"
                    + " ORDER BY action_id DESC LIMIT 1"))
        .startsWith("a user: ");
    List<String> letters = new ArrayList<>();
    new DeadLetterTopics(configuration.streams().kafka())
        .read(
            Instant.ofEpochMilli(now),
            Instant.now().plusSeconds(3600),
            letter -> letters.add(letter.topic()));
    assertThat(letters).doesNotContain(bed.topics().balancesDeadLetters());

    // The episode that was open goes on: it ends where the pseudonym spends nothing.
    String stored =
        tables.text(
            "SELECT sum(hashtextextended(t::text, 0)) FROM spendwatch.transactions AS t WHERE user_id = '"
                + pseudonym
                + "'");
    assertThat(erase(0, user, "--yes")).contains("there is nothing of this user");
    assertThat(tables.number("SELECT count(*) FROM spendwatch.erasures")).isOne();
    assertThat(
            tables.text(
                "SELECT sum(hashtextextended(t::text, 0)) FROM spendwatch.transactions AS t WHERE user_id = '"
                    + pseudonym
                    + "'"))
        .isEqualTo(stored);

    spend(user, "e-1", 7_000, now);
    await().atMost(LIMIT).until(() -> tables.number(rowsOfUser) == 1);
    assertThat(
            tables.text(
                "SELECT exposure_minor || ' ' || verdict FROM spendwatch.transactions WHERE user_id = '"
                    + user
                    + "'"))
        .isEqualTo("7000 NO_ACCOUNT");
    assertThat(audit(Mode.FULL, windows()).findings()).isEmpty();
    // As one that was interrupted when it had begun leaves it: the next one goes on.
    tables.execute(
        "INSERT INTO spendwatch.erasures (pseudonym, user_id) VALUES ('erased-half', '"
            + user
            + "')");
    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofSeconds(2))
        .until(() -> Spendwatch.run(Spendwatch.COMMANDS, "erase", user, "--yes") == 0);
    assertThat(tablesWith(user)).isEmpty();
    assertThat(tables.column("SELECT pseudonym FROM spendwatch.erased_users"))
        .containsExactlyInAnyOrder(pseudonym, "erased-half");
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.transactions WHERE user_id = 'erased-half'"))
        .isOne();
    assertThat(audit(Mode.FULL, windows()).findings()).isEmpty();
  }

  private String erase(int status, String... arguments) {
    var out = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine(Spendwatch.COMMANDS);
    commandLine.setOut(new PrintWriter(out, true));
    String[] all = Stream.concat(Stream.of("erase"), Stream.of(arguments)).toArray(String[]::new);
    assertThat(commandLine.execute(all)).as(out.toString()).isEqualTo(status);
    return out.toString();
  }

  /** Of all in the schema, whatever the column. */
  private List<String> tablesWith(String user) {
    String hex = java.util.HexFormat.of().formatHex(user.getBytes(UTF_8));
    List<String> found = new ArrayList<>();
    for (String table :
        tables.column(
            "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'spendwatch'::regnamespace"
                + " AND relkind IN ('r', 'p') AND NOT relispartition")) {
      if (tables.number(
              "SELECT count(*) FROM "
                  + table
                  + " AS t WHERE strpos(t::text, '"
                  + user
                  + "') > 0 OR strpos(t::text, '"
                  + hex
                  + "') > 0")
          > 0) {
        found.add(table);
      }
    }
    return found;
  }

  private void spend(String user, String transactionId, long amountMinor, long eventTimeMs) {
    var _ =
        producer.send(
            new ProducerRecord<>(
                bed.topics().transactions(),
                user.getBytes(UTF_8),
                TransactionCodec.encode(
                    new Transaction(
                        transactionId,
                        user,
                        amountMinor,
                        "USD",
                        eventTimeMs,
                        TransactionKind.PURCHASE,
                        "shop",
                        null))));
  }

  private static Balance balance(String user, long minor, long asOfMs) {
    return new Balance(user, "Erasable Ünïcode 用户 herself", minor, "USD", asOfMs);
  }

  private void send(Balance... balances) {
    for (Balance balance : balances) {
      var _ =
          producer.send(
              new ProducerRecord<>(
                  bed.topics().balances(),
                  balance.userId().getBytes(UTF_8),
                  BalanceCodec.encode(balance)));
    }
    producer.flush();
  }

  private HttpResponse<String> answer(String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.httpPort() + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    }
  }

  private Reconciliation reconciliation(AuditConfig audit, AwakeWindows windows) {
    return reconciliation(configuration.streams().kafka(), audit, windows);
  }

  private Reconciliation reconciliation(
      KafkaConfig kafka, AuditConfig audit, AwakeWindows windows) {
    return new Reconciliation(
        database, kafka, audit, Optional.empty(), windows, InstantSource.system());
  }

  private AwakeWindows windows() {
    return new HttpWindows(
        URI.create("http://127.0.0.1:" + node.httpPort()), Duration.ofSeconds(60));
  }

  private void decide(String set, String... options) {
    sets.generate("spend", set, options);
    sets.replay(set, "--until-processed");
  }

  private long count(String users) {
    return tables.number(
        "SELECT count(*) FROM spendwatch.transactions WHERE user_id LIKE '" + users + "'");
  }

  private long openFindings() {
    return tables.number(
        "SELECT count(*) FROM spendwatch.reconciliation_findings WHERE resolved_run_id IS NULL");
  }
}
