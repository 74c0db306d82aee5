package io.spendwatch.ops.storage.retention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.Finding;
import io.spendwatch.ops.audit.FindingKind;
import io.spendwatch.ops.audit.NobodysWindows;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.audit.explain.ExplanationText;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.storage.retention.RetentionConfig.Kind;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance;
import io.spendwatch.ops.testing.DataSets;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.database.Database;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a node has decided about most of a year is aged and removed, two months of it kept: what is
 * left is audited, explained and gone on from as before, and what is wrong in it is found.
 */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RetentionIT {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** The data end soon after it. Its months go, all but two. */
  private static final Instant NOW = Instant.parse("2026-10-01T12:00:00Z");

  private static final Duration KEPT = Duration.ofDays(60);
  private static final RetentionConfig REMOVAL =
      new RetentionConfig(
          Map.of(
              Kind.ACCOUNT_VERSIONS,
              KEPT,
              Kind.ALERTS,
              KEPT,
              Kind.AUDITS,
              KEPT,
              // Removed on a day that is far ahead: the entries of today stay.
              Kind.OPERATOR_ACTIONS,
              Duration.ofDays(410)),
          Optional.empty(),
          50,
          LIMIT);

  private static final String DROPPED_BEFORE = "2026-08-01 00:00:00+00";

  /** What is before it and was done with goes: a window and the lateness before what is kept. */
  private static final String HORIZON = "'2026-07-30T00:00:00Z'::timestamptz";

  private static final String LAST_RAISED =
      "(SELECT alert_id FROM spendwatch.alerts WHERE type = 'RAISED' AND NOT late ORDER BY event_time DESC, alert_id LIMIT 1)";

  private TestBed bed;
  private TestDatabase tables;
  private NodeSettings settings;
  private Configuration configuration;
  private Node node;
  private Database database;
  private Database owner;
  private KafkaProducer<byte[], byte[]> producer;
  private Map<String, String> explainedBefore;
  private Map<Kind, Long> removed;

  @BeforeAll
  void ageAndRemove(TestBed given, @TempDir Path directory) throws Exception {
    bed = given;
    tables = new TestDatabase(bed.database());
    settings =
        NodeSettings.of(bed)
            .set("spendwatch.audit.interval", "1h")
            .set("spendwatch.audit.grace", "2s");
    configuration = Configuration.load();
    database = Database.open(configuration.auditDatabase());
    owner = Database.open(configuration.partitions().postgres());
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    // Another balance every three weeks, and one who is in debt all the time. They come first.
    tables.execute(
        "INSERT INTO spendwatch.accounts (user_id, username, currency, balance_minor, as_of)"
            + " SELECT 'u' || n, 'name ' || n, 'USD', 20000, '2025-12-01Z' FROM generate_series(0, 39) AS n",
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of) VALUES ('debtor', 'USD', -500, '2025-12-01Z')");
    for (int change = 1; change <= 14; change++) {
      tables.execute(
          "UPDATE spendwatch.accounts SET balance_minor = balance_minor + 1000 * (%d %% 5 - 2), as_of = '2025-12-20Z'::timestamptz + %d * interval '21 days' WHERE user_id LIKE 'u%%'"
              .formatted(change, change));
    }
    node = Node.start(configuration, InstantSource.system());
    send("debtor", "2026-01-02T00:00:00Z", 100);
    var sets = new DataSets(directory, bed.bootstrapServers(), bed.topics(), bed.group());
    sets.generate(
        "spend",
        "year",
        "--users=40",
        "--transactions=6000",
        "--seed=31",
        "--span=300d",
        "--disorder=0.05",
        "--disorder-max=30h",
        "--refunds=0.2");
    sets.replay("year", "--until-processed");
    assertThat(audit(Mode.FULL)).isEmpty();

    // One finding that was resolved, and one entry of the trail.
    tables.execute(
        "UPDATE spendwatch.alerts SET exposure_minor = exposure_minor + 1 WHERE alert_id = "
            + LAST_RAISED);
    assertThat(audit(Mode.FULL)).isNotEmpty();
    tables.execute(
        "UPDATE spendwatch.alerts SET exposure_minor = exposure_minor - 1 WHERE alert_id = "
            + LAST_RAISED);
    assertThat(audit(Mode.FULL)).isEmpty();
    tables.execute(
        "INSERT INTO spendwatch.operator_actions (at, who, origin, action, outcome) VALUES ('2026-02-01Z', 'anna', 'command', 'rewind', 'done')");
    awaitRollups();
    // As if all had been known when it was.
    tables.execute(
        "UPDATE spendwatch.alerts SET detected_at = event_time + interval '1 second'",
        "UPDATE spendwatch.account_versions SET recorded_at = as_of",
        "UPDATE spendwatch.settings SET balances_in_time_since = '2020-01-01Z'",
        "CREATE TABLE public.alerts_before AS SELECT * FROM spendwatch.alerts",
        "CREATE TABLE public.versions_before AS SELECT * FROM spendwatch.account_versions");
    assertThat(audit(Mode.FULL)).isEmpty();
    explainedBefore = explained();
    remove();
  }

  private void awaitRollups() {
    await()
        .atMost(LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT count(*) FROM spendwatch.pipelines AS p LEFT JOIN spendwatch.rollup_alerts AS m USING (kafka_partition)"
                            + " WHERE p.alert_seq > coalesce(m.alert_seq, 0) OR p.published_alert_seq < p.alert_seq")
                    == 0);
  }

  private void remove() throws Exception {
    var partitions =
        new PartitionMaintenance(
            owner,
            Optional.of(owner),
            Optional.of(KEPT),
            configuration.partitions().merging(),
            InstantSource.fixed(NOW),
            new Metrics(InstantSource.fixed(NOW)).partitions());
    assertThat(partitions.look().toCompletableFuture().get(60, TimeUnit.SECONDS).dropped())
        .isPositive();
    assertThat(tables.text("SELECT dropped_before::text FROM spendwatch.settings"))
        .isEqualTo(DROPPED_BEFORE);
    removed = look(InstantSource.system().instant().plus(Duration.ofDays(400)));
  }

  private Map<Kind, Long> look(Instant now) throws Exception {
    return new OldRows(owner, REMOVAL, InstantSource.fixed(now), RetentionMetrics.NONE)
        .look()
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  @AfterAll
  void end() throws Exception {
    producer.close();
    node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    for (Database each : List.of(database, owner)) {
      var _ = each.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
    settings.close();
  }

  @Test
  @Order(1)
  void whatIsNotNeededAnyMoreIsGoneAndAllElseIsThere() {
    assertThat(removed).allSatisfy((_, rows) -> assertThat(rows).isPositive());
    // Exactly the episodes that were over.
    String over =
        "(SELECT episode_id FROM public.alerts_before GROUP BY episode_id HAVING count(*) = 2 AND max(event_time) < "
            + HORIZON
            + ")";
    assertThat(
            tables.column(
                "SELECT alert_id FROM public.alerts_before WHERE episode_id NOT IN "
                    + over
                    + " ORDER BY 1"))
        .isEqualTo(tables.column("SELECT alert_id FROM spendwatch.alerts ORDER BY 1"));
    assertThat(
            tables.number(
                "SELECT count(*) FROM spendwatch.alerts WHERE user_id = 'debtor' AND type = 'RAISED'"))
        .isOne();
    // Of each user the one that is in force at the horizon, and what followed.
    assertThat(
            tables.column(
                "SELECT user_id || ' ' || balance_version FROM public.versions_before AS v WHERE NOT EXISTS"
                    + " (SELECT FROM public.versions_before AS w WHERE w.user_id = v.user_id AND w.as_of < "
                    + HORIZON
                    + " AND (w.as_of, w.balance_version) > (v.as_of, v.balance_version)) ORDER BY 1"))
        .isEqualTo(
            tables.column(
                "SELECT user_id || ' ' || balance_version FROM spendwatch.account_versions ORDER BY 1"));
    assertThat(
            tables.column(
                "SELECT who || ': ' || action FROM spendwatch.operator_actions WHERE origin IN ('command', 'retention') ORDER BY 1"))
        .hasSize(4)
        .noneMatch(entry -> entry.startsWith("anna"))
        .anyMatch(entry -> entry.startsWith("spendwatch: remove operator_actions from before"));
  }

  @Test
  @Order(2)
  void whatIsLeftIsCleanAndItsChainHolds() {
    assertThat(tables.column("SELECT reason FROM spendwatch.broken_runs()")).isEmpty();
    assertThat(tables.number("SELECT count(*) FROM spendwatch.reconciliation_runs")).isOne();
    assertThat(tables.number("SELECT count(*) FROM spendwatch.reconciliation_findings")).isZero();
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();
    assertThat(audit(Mode.FULL)).isEmpty();
    tables.execute("DELETE FROM spendwatch.reconciliation_positions");
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();
    assertThat(tables.column("SELECT reason FROM spendwatch.broken_runs()")).isEmpty();
  }

  @Test
  @Order(3)
  void explanationsOfWhatIsLeftAreWhatTheyWere() {
    assertThat(explainedBefore).hasSizeGreaterThan(40);
    assertThat(explained()).isEqualTo(explainedBefore);
  }

  @ParameterizedTest
  @Order(4)
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          MISSING_ALERT   | DELETE FROM spendwatch.alerts WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts WHERE type = 'RAISED' AND NOT late AND event_time > '2026-08-03Z' ORDER BY event_time LIMIT 1)
          MISSING_ALERT   | DELETE FROM spendwatch.alerts WHERE user_id = 'debtor'
          MISSING_CLEARED | DELETE FROM spendwatch.alerts WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts WHERE type = 'CLEARED' AND NOT late AND cause = 'EXPIRY' AND event_time > '2026-08-03Z' ORDER BY event_time LIMIT 1)
          EXTRA_ALERT     | INSERT INTO spendwatch.alerts SELECT * FROM public.alerts_before WHERE alert_id NOT IN (SELECT alert_id FROM spendwatch.alerts) ORDER BY event_time LIMIT 1
          WRONG_BALANCE   | UPDATE spendwatch.transactions SET balance_minor = balance_minor + 1 WHERE (user_id, transaction_id) = (SELECT user_id, transaction_id FROM spendwatch.transactions WHERE verdict = 'CLEAR' AND event_time > '2026-09-03Z' AND balance_minor > exposure_minor ORDER BY user_id, event_time LIMIT 1)
          CHANGED_RUN     | SET session_replication_role = replica; DELETE FROM spendwatch.reconciliation_runs WHERE place = (SELECT min(place) FROM spendwatch.reconciliation_runs); RESET session_replication_role
          CHANGED_RUN     | UPDATE spendwatch.reconciliation_chain SET removed_hash = 'another'
          """)
  void whatIsPlantedIsFound(FindingKind kind, String sql) {
    tables.execute(
        "CREATE TABLE public.rows_now AS SELECT * FROM spendwatch.transactions",
        "CREATE TABLE public.alerts_now AS SELECT * FROM spendwatch.alerts",
        "CREATE TABLE public.runs_now AS SELECT * FROM spendwatch.reconciliation_runs",
        "CREATE TABLE public.chain_now AS SELECT * FROM spendwatch.reconciliation_chain");
    try {
      tables.execute(sql);
      assertThat(audit(Mode.FULL)).extracting(Finding::kind).contains(kind);
    } finally {
      tables.execute(
          "DELETE FROM spendwatch.transactions",
          "INSERT INTO spendwatch.transactions SELECT * FROM public.rows_now",
          "DELETE FROM spendwatch.alerts",
          "INSERT INTO spendwatch.alerts SELECT * FROM public.alerts_now",
          "SET session_replication_role = replica",
          "INSERT INTO spendwatch.reconciliation_runs OVERRIDING SYSTEM VALUE SELECT * FROM public.runs_now"
              + " ON CONFLICT DO NOTHING",
          "RESET session_replication_role",
          "UPDATE spendwatch.reconciliation_chain AS now SET removed_hash = before.removed_hash FROM public.chain_now AS before",
          "DROP TABLE public.rows_now, public.alerts_now, public.runs_now, public.chain_now");
    }
    assertThat(audit(Mode.FULL)).isEmpty();
  }

  /** Another node knows only what is left. */
  @Test
  @Order(5)
  void anotherNodeGoesOnFromWhatIsLeft() throws Exception {
    node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    node = Node.start(configuration, InstantSource.system());
    long before = tables.number("SELECT count(*) FROM spendwatch.transactions");
    for (int user = 0; user < 40; user++) {
      send("u" + user, "2026-10-30T00:00:00Z", 50_000);
    }
    send("debtor", "2026-10-30T00:00:00Z", 100);
    await()
        .atMost(LIMIT)
        .until(() -> tables.number("SELECT count(*) FROM spendwatch.transactions") == before + 41);
    assertThat(tables.number("SELECT count(*) FROM spendwatch.alerts WHERE user_id = 'debtor'"))
        .as("expired when its window was empty: the exposure is 0, and still above -5")
        .isOne();
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();
    assertThat(audit(Mode.FULL)).isEmpty();
  }

  /** An open finding is not forgotten: its run, and those after it, stay. */
  @Test
  @Order(6)
  void whatIsOpenStays() throws Exception {
    tables.execute(
        "INSERT INTO spendwatch.lost_records (topic, topic_id, kafka_partition, from_offset, to_offset, reason, noticed_by,"
            + " noticed_at) VALUES ('transactions', 'id', 1, 10, 25, 'EXPIRED', 'a', now())");
    long runs = tables.number("SELECT count(*) FROM spendwatch.reconciliation_runs");
    assertThat(runs).isGreaterThan(2);
    assertThat(audit(Mode.INCREMENTAL)).hasSize(1);
    assertThat(audit(Mode.INCREMENTAL)).hasSize(1);
    assertThat(look(InstantSource.system().instant().plus(Duration.ofDays(402))))
        .hasEntrySatisfying(Kind.AUDITS, gone -> assertThat(gone).isGreaterThanOrEqualTo(runs));
    assertThat(tables.number("SELECT count(*) FROM spendwatch.reconciliation_runs")).isEqualTo(2);
    tables.execute("UPDATE spendwatch.lost_records SET acknowledged_at = now()");
    assertThat(audit(Mode.FULL)).isEmpty();
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();
    assertThat(look(InstantSource.system().instant().plus(Duration.ofDays(404))))
        .as("three runs with one finding")
        .containsEntry(Kind.AUDITS, 4L);
    assertThat(tables.column("SELECT reason FROM spendwatch.broken_runs()")).isEmpty();
    assertThatThrownBy(() -> tables.execute("DELETE FROM spendwatch.reconciliation_runs"))
        .rootCause()
        .hasMessageContaining("has been: it is not changed, nor deleted");
  }

  private List<Finding> audit(Mode mode) {
    AuditReport report =
        new Reconciliation(
                database,
                configuration.streams().kafka(),
                configuration.audit(),
                Optional.empty(),
                new NobodysWindows(),
                InstantSource.system())
            .run(mode, Duration.ZERO)
            .orElseThrow();
    return report.findings();
  }

  /** Alerts and transactions that will be left, in words, by id. */
  private Map<String, String> explained() {
    Map<String, String> texts = new LinkedHashMap<>();
    try (ArchiveAccess archive = configuration.openArchive()) {
      var explanations = new Explanations(database, bed.topics(), 20, archive);
      for (String id :
          tables.column(
              "(SELECT alert_id FROM spendwatch.alerts WHERE event_time > '2026-08-02Z' ORDER BY event_time LIMIT 30)")) {
        texts.put(id, ExplanationText.of(explanations.of(id, null, null)));
      }
      for (String id :
          tables.column(
              "(SELECT user_id || ' ' || transaction_id FROM spendwatch.transactions WHERE event_time > '2026-08-02Z' ORDER BY event_time LIMIT 30)")) {
        int space = id.indexOf(' ');
        texts.put(
            id,
            ExplanationText.of(
                explanations.of(id.substring(space + 1), id.substring(0, space), null)));
      }
    }
    return texts;
  }

  private void send(String userId, String eventTime, long amountMinor) {
    var transaction =
        new Transaction(
            "sent-" + eventTime,
            userId,
            amountMinor,
            "USD",
            Instant.parse(eventTime).toEpochMilli(),
            TransactionKind.PURCHASE,
            null,
            null);
    var _ =
        producer.send(
            new ProducerRecord<>(
                bed.topics().transactions(),
                userId.getBytes(UTF_8),
                TransactionCodec.encode(transaction)));
  }
}
