package io.spendwatch.ops.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a node has decided about several sets, in order and out of it, with refunds, duplicates,
 * changed balances and bad records, is clean, while it decides about more. What is wrong in it, see
 * {@link AuditPlantsIT}.
 */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AuditIT {
  private AuditedNode node;
  private TestDatabase tables;

  @BeforeAll
  void start(TestBed bed, @TempDir Path directory) throws Exception {
    node = AuditedNode.start(bed);
    tables = node.tables();
    node.decideHistory(directory, 60, 5000);
    node.beginTraffic();
  }

  @AfterAll
  void end() throws Exception {
    node.end();
  }

  @Test
  void allThatWasDecidedIsCleanWhileMoreIsDecided() {
    AuditReport full = node.audit(Mode.FULL, node.windows());
    assertThat(full.findings()).isEmpty();
    assertThat(full.transactions()).isGreaterThan(9000);
    assertThat(full.alerts()).isGreaterThan(100);
    assertThat(full.usersAwake()).isGreaterThan(50);
    assertThat(full.text()).contains("clean: the tables say the same");

    long assessed = 0;
    for (int i = 0; i < 5; i++) {
      // The last of them may not be settled yet.
      node.awaitMoreLive(100);
      AuditReport more = node.audit(Mode.INCREMENTAL, node.windows());
      assertThat(more.findings()).isEmpty();
      assessed += more.transactions();
    }
    assertThat(assessed).isBetween(250L, full.transactions());
    tables.execute("DELETE FROM spendwatch.reconciliation_positions");
    assertThat(node.audit(Mode.INCREMENTAL, new NobodysWindows()).findings()).isEmpty();
  }

  @Test
  void anIncrementalRunFindsWhatIsNewAndWrong() {
    // Of all, so that what other tests have planted is resolved.
    assertThat(node.audit(Mode.FULL, new NobodysWindows()).isClean()).isTrue();
    assertThat(node.openFindings()).isZero();
    node.awaitMoreLive(100);
    String newest =
        tables.text(
            "SELECT transaction_id FROM spendwatch.transactions WHERE user_id LIKE 'live%' ORDER BY ingested_at DESC LIMIT 1");
    // The roll-ups would not find a row that is moved before they have it.
    await()
        .atMost(AuditedNode.LIMIT)
        .until(
            () ->
                tables.number(
                        "SELECT count(*) FROM spendwatch.rolled_up_transactions WHERE transaction_id = '%s'"
                            .formatted(newest))
                    == 1);
    tables.execute(
        "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor + 1 WHERE transaction_id = '%s'"
            .formatted(newest));
    AuditReport report = node.audit(Mode.INCREMENTAL, new NobodysWindows());
    while (report.isClean()) {
      // It was not settled yet.
      report = node.audit(Mode.INCREMENTAL, new NobodysWindows());
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
    assertThat(node.audit(Mode.INCREMENTAL, new NobodysWindows()).isClean()).isTrue();
    assertThat(node.openFindings()).isOne();
    assertThat(node.audit(Mode.FULL, new NobodysWindows()).isClean()).isTrue();
    assertThat(node.openFindings()).isZero();
  }

  /** An old snapshot keeps the database from clearing up behind the writers. */
  @Test
  void noShareOfTheUsersIsAssessedOnTheSnapshotOfTheOneBefore() throws Exception {
    int rows = Math.toIntExact(tables.number("SELECT count(*) FROM spendwatch.transactions"));
    AuditConfig config = node.configuration().audit();
    tables.execute("ANALYZE spendwatch.transactions");
    Reconciliation inShares =
        node.reconciliation(
            node.kafka(),
            new AuditConfig(
                config.interval(),
                Math.max(1000, rows / 3),
                1,
                config.findingsMax(),
                config.windowsMax(),
                config.grace(),
                config.clearGrace()),
            new NobodysWindows());
    CompletableFuture<AuditReport> report;
    String first;
    try (Connection shares = node.bed().database().connect("test");
        Connection rest = node.bed().database().connect("test")) {
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
    assertThat(report.get(AuditedNode.LIMIT.toSeconds(), TimeUnit.SECONDS).findings()).isEmpty();
  }

  /** Each part's finding, from whichever session, with all that text can hold. */
  @Test
  void whatOtherSessionsHaveFoundArrivesAtTheFirst() {
    String text = "a \"quoted\" \\ 'line'\u0001\n\u00e9\ud83d\ude00 $1";
    Set<Session> used = ConcurrentHashMap.newKeySet();
    List<Consumer<Session>> parts = new ArrayList<>();
    for (int number = 0; number < 20; number++) {
      int part = number;
      parts.add(
          of -> {
            used.add(of);
            // So long that the others take some of them.
            of.query("SELECT pg_sleep(0.05)");
            of.query(
                "INSERT INTO found SELECT 'MISSING_ALERT', 'u' || $1::integer, n::text, NULL, $1::integer, 9007199254740993,"
                    + " '2026-11-30 00:00:00.123456Z', $2, NULL, 'detail', 'query' FROM generate_series(1, 100) AS n",
                part,
                text);
            of.query(
                "INSERT INTO moved VALUES ('u' || $1::integer, 1, -9223372036854775807, 9223372036854775807, 3), ('v', 1, 1, 2, 3)",
                part);
          });
    }
    Database database = Database.open(node.configuration().auditDatabase());
    try {
      List<String> arrived =
          Session.pinned(
              database,
              first -> {
                beginTables(first);
                new SideBySide(database, 2).run(first, AuditIT::beginTables, parts);
                return List.of(
                    first
                        .one(
                            "SELECT count(DISTINCT (user_id, transaction_id)) || ' of ' || count(*) FROM found"
                                + " WHERE actual IS NULL AND expected = $1 AND kafka_offset = 9007199254740993"
                                + " AND event_time = '2026-11-30 00:00:00.123456Z'",
                            text)
                        .getString(0),
                    first
                        .one(
                            "SELECT count(*)::text FROM moved WHERE user_id LIKE 'u%' AND to_offset = 9223372036854775807")
                        .getString(0));
              });
      assertThat(used).hasSize(2);
      assertThat(arrived).containsExactly("2000 of 2000", "20");
    } finally {
      var _ = database.close();
    }
  }

  @Test
  void noPartIsBegunAfterOneHasFailed() {
    AtomicInteger begun = new AtomicInteger();
    Consumer<Session> part =
        of -> of.query(begun.incrementAndGet() == 5 ? "SELECT 1 / 0" : "SELECT pg_sleep(0.05)");
    Database database = Database.open(node.configuration().auditDatabase());
    try {
      assertThatThrownBy(
              () ->
                  Session.pinned(
                      database,
                      first -> {
                        beginTables(first);
                        new SideBySide(database, 2)
                            .run(first, AuditIT::beginTables, Collections.nCopies(20, part));
                        return true;
                      }))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("division by zero");
      assertThat(begun.get()).isBetween(5, 19);
      assertThat(database.connectionsInUse()).isZero();
    } finally {
      var _ = database.close();
    }
  }

  private static void beginTables(Session session) {
    Map<String, String> values = Map.of("spans", Span.values(List.of(new Span(0, 0, 10, 0, null))));
    AuditScript.run(session, "begin_found", values);
    AuditScript.run(session, "begin", values);
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
    await().atMost(AuditedNode.LIMIT).until(() -> tables.number("SELECT count(*)" + blocked) == 1);
    return tables.text("SELECT xact_start" + blocked);
  }

  @Test
  void whatIsLostIsFoundUntilSomebodyAcknowledgesIt() {
    tables.execute(
        "INSERT INTO spendwatch.lost_records (topic, topic_id, kafka_partition, from_offset, to_offset, reason, noticed_by,"
            + " noticed_at) VALUES ('transactions', 'id', 1, 10, 25, 'EXPIRED', 'a', now()), ('balances', 'id', 1, 10, NULL,"
            + " 'TOPIC_REPLACED', 'a', now() + interval '1 s')");
    for (Mode mode : List.of(Mode.INCREMENTAL, Mode.FULL, Mode.INCREMENTAL)) {
      assertThat(node.audit(mode, new NobodysWindows()).findings())
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
    await().atMost(AuditedNode.LIMIT).until(() -> node.node().status().lostRecords().size() == 2);
    tables.execute("UPDATE spendwatch.lost_records SET acknowledged_at = now()");
    assertThat(node.audit(Mode.INCREMENTAL, new NobodysWindows()).isClean()).isTrue();
    assertThat(node.openFindings()).isZero();
    await().atMost(AuditedNode.LIMIT).until(() -> node.node().status().lostRecords().isEmpty());
  }

  @Test
  void namesTheServerThatIsAway() {
    KafkaConfig kafka = node.kafka();
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
            () ->
                node.reconciliation(away, node.configuration().audit(), new NobodysWindows())
                    .run(Mode.FULL, Duration.ZERO))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("Kafka at " + away.bootstrapServers());
  }

  @Test
  void doesNothingWhereAnotherHasJustRun() {
    assertThat(node.audit(Mode.INCREMENTAL, new NobodysWindows()).isClean()).isTrue();
    assertThat(
            node.reconciliation(node.kafka(), node.configuration().audit(), new NobodysWindows())
                .run(Mode.INCREMENTAL, Duration.ofMinutes(1)))
        .isEmpty();
  }
}
