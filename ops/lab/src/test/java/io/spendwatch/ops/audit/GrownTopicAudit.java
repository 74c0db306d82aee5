package io.spendwatch.ops.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.api.HttpWindows;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.explain.Explanation;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What is decided while the topic grows, in order and out of it, is clean to the audit, run after
 * run, and so are its explanations; what is planted into the rows of users who moved is found, and
 * nothing else.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GrownTopicAudit {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Instant T = Instant.parse("2024-07-12T00:00:00Z");
  private static final int USERS = 80;
  private static final int STEP_SECONDS = 90;

  private final List<Integer> counts;
  private final Random random = new Random(11);
  private final long[] lastMs = new long[USERS];
  private TestBed bed;
  private TestDatabase tables;
  private NodeSettings settings;
  private Configuration configuration;
  private Node node;
  private Database database;
  private KafkaProducer<byte[], byte[]> producer;
  private int sent;

  /** From 4 partitions to these, one after the other. */
  GrownTopicAudit(Integer... counts) {
    this.counts = List.of(counts);
  }

  @BeforeAll
  void decide(TestBed servers) {
    bed = servers;
    tables = new TestDatabase(bed.database());
    settings =
        NodeSettings.of(bed)
            .set("spendwatch.audit.interval", "1h")
            .set("spendwatch.audit.grace", "2s")
            // Hours of the sets go by in a second.
            .set("spendwatch.audit.clear-grace", "12h");
    configuration = Configuration.load();
    node = Node.start(configuration, InstantSource.system());
    database = Database.open(configuration.auditDatabase());
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers(), "metadata.max.age.ms", 1000),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    for (int user = 0; user < USERS; user++) {
      Balance balance =
          new Balance("m" + user, "m" + user, 10_000, "USD", T.minusSeconds(1).toEpochMilli());
      send(bed.topics().balances(), balance.userId(), BalanceCodec.encode(balance));
    }
    await().atMost(LIMIT).until(() -> number("SELECT count(*) FROM spendwatch.accounts") == USERS);
    spend(800);
    awaitRows();
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();
    for (int count : counts) {
      CompletableFuture<Void> growth = CompletableFuture.runAsync(() -> grow(count));
      // As fast as a few tills, so that days do not go by meanwhile.
      await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(20))
          .atMost(LIMIT)
          .until(
              () -> {
                spend(2);
                return growth.isDone();
              });
      growth.join();
      assertThat(audit(Mode.INCREMENTAL)).isEmpty();
      spend(800);
      // Nobody waits for the rows: the next growth meets records that this one is still moving.
      assertThat(audit(Mode.INCREMENTAL)).isEmpty();
    }
    awaitRows();
  }

  @AfterAll
  void end() throws Exception {
    producer.close();
    node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    settings.close();
  }

  @Test
  void allOfItIsClean() {
    assertThat(number("SELECT count(*) FROM (" + MOVED + ") AS moved")).isGreaterThan(USERS / 4);
    await().atMost(LIMIT).untilAsserted(() -> assertThat(audit(Mode.INCREMENTAL)).isEmpty());
    assertThat(audit(Mode.FULL)).isEmpty();
    tables.execute("DELETE FROM spendwatch.reconciliation_positions");
    assertThat(audit(Mode.INCREMENTAL)).isEmpty();
    assertThat(
            number(
                "SELECT count(*) FROM spendwatch.reconciliation_findings WHERE resolved_run_id IS NULL"))
        .isZero();
  }

  private static final String MOVED =
      "SELECT user_id FROM spendwatch.transactions GROUP BY user_id HAVING min(kafka_partition) <> max(kafka_partition)";

  /** Rows of users who moved, of a later home, with 24 hours that reach back into a former one. */
  private static final String LATER_HOME =
      """
      t.user_id IN (%s) AND EXISTS (
        SELECT FROM spendwatch.transactions AS former
         WHERE former.user_id = t.user_id AND former.kafka_partition <> t.kafka_partition
           AND former.event_time > t.event_time - interval '20 h' AND former.event_time < t.event_time
           AND former.ingested_at < t.ingested_at)
      """
          .formatted(MOVED);

  private static final String UNNAMED =
      " AND NOT EXISTS (SELECT FROM spendwatch.alerts AS a WHERE a.user_id = t.user_id AND a.transaction_id = t.transaction_id)"
          + " ORDER BY user_id, event_time, transaction_id LIMIT 1";

  private static final String OF_MOVED =
      " AND NOT a.late AND a.user_id IN (%s) ORDER BY user_id, event_time LIMIT 1".formatted(MOVED);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          WRONG_EXPOSURE  | UPDATE spendwatch.transactions SET exposure_minor = exposure_minor + 1 WHERE (user_id, transaction_id) = (SELECT user_id, transaction_id FROM spendwatch.transactions AS t WHERE verdict = 'CLEAR' AND exposure_minor < balance_minor AND {later} {unnamed})
          WRONG_VERDICT   | UPDATE spendwatch.transactions SET verdict = 'CLEAR' WHERE (user_id, transaction_id) = (SELECT user_id, transaction_id FROM spendwatch.transactions AS t WHERE verdict = 'TOO_LATE' AND user_id IN ({moved}) {unnamed})
          MISSING_ALERT   | DELETE FROM spendwatch.alerts WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts AS a WHERE type = 'RAISED' {alert})
          MISSING_CLEARED | DELETE FROM spendwatch.alerts WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts AS a WHERE type = 'CLEARED' {alert})
          MISSING_CLEARED | DELETE FROM spendwatch.alerts WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts AS a WHERE type = 'CLEARED' AND EXISTS (SELECT FROM spendwatch.alerts AS b WHERE b.episode_id = a.episode_id AND b.kafka_partition <> a.kafka_partition) {alert})
          EXTRA_ALERT     | {extra} WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts AS a WHERE type = 'RAISED' {alert})
          EXTRA_ALERT     | {extra} WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts AS a WHERE type = 'CLEARED' {alert})
          WRONG_ALERT     | UPDATE spendwatch.alerts SET exposure_minor = exposure_minor + 1 WHERE alert_id = (SELECT alert_id FROM spendwatch.alerts AS a WHERE type = 'RAISED' {alert})
          """)
  void findsWhatIsPlantedAndNothingElse(FindingKind kind, String plant) {
    String sql =
        plant
            .replace("{later}", LATER_HOME)
            .replace("{moved}", MOVED)
            .replace("{unnamed}", UNNAMED)
            .replace("{alert}", OF_MOVED)
            .replace(
                "{extra}",
                """
                INSERT INTO spendwatch.alerts
                SELECT 'planted', type, rule, 'planted', user_id, transaction_id, exposure_minor, balance_minor, currency, transactions,
                       window_start, event_time, detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset,
                       partition_seq + 100000
                  FROM spendwatch.alerts
                """);
    try (RowsBefore _ = new RowsBefore(tables, "true")) {
      int planted = tables.update(sql);
      // Whether anybody's rows and episodes are such just while the topic grows depends on the
      // moment.
      assumeTrue(planted == 1, "nothing to plant it into");
      List<Finding> findings = Decisions.of(audit(Mode.FULL, Ports.free()));
      assertThat(findings).singleElement().extracting(Finding::kind).isEqualTo(kind);
      assertThat(tables.column(findings.getFirst().reproduce())).isNotNull();
      if (kind == FindingKind.WRONG_EXPOSURE) {
        String expected = findings.getFirst().expected();
        assertThat(tables.column(findings.getFirst().reproduce()))
            .containsExactly(expected.substring(0, expected.indexOf(' ')));
      }
    }
  }

  /** The later home's offsets are smaller, mostly: by offset alone none of these would be right. */
  @Test
  void explainsTransactionsOfUsersWhoMoved() {
    var explanations =
        new Explanations(database, bed.topics(), 10, new ArchiveAccess.Absent("there is none"));
    List<String> asked =
        tables.column(
            "SELECT user_id || ' ' || transaction_id FROM spendwatch.transactions AS t WHERE "
                + LATER_HOME
                + " ORDER BY md5(transaction_id) LIMIT 40");
    assertThat(asked).hasSize(40);
    for (String each : asked) {
      String userId = each.substring(0, each.indexOf(' '));
      Explanation explanation =
          explanations.of(each.substring(each.indexOf(' ') + 1), userId, null);
      assertThat(explanation.differences()).as(each).isEmpty();
      assertThat(explanation.summation().recomputed())
          .as(each)
          .isEqualTo(explanation.summation().stored());
      assertThat(explanation.summation().sql()).contains("kafka_partition = ");
    }
    tables
        .column(
            "SELECT alert_id FROM spendwatch.alerts AS a WHERE transaction_id IS NOT NULL AND NOT late AND user_id IN ("
                + MOVED
                + ") ORDER BY md5(transaction_id) LIMIT 20")
        .forEach(id -> assertThat(explanations.of(id, null, null).differences()).as(id).isEmpty());
  }

  private void spend(int transactions) {
    for (int i = 0; i < transactions; i++) {
      int user = random.nextInt(USERS);
      long atMs = T.plusSeconds((long) sent * STEP_SECONDS).toEpochMilli();
      switch (random.nextInt(12)) {
        case 0 -> atMs -= random.nextInt(4 * 3_600_000);
        case 1 -> atMs -= random.nextInt(30 * 3_600_000);
        case 2, 3 -> atMs = lastMs[user] == 0 ? atMs : lastMs[user];
        default -> {}
      }
      lastMs[user] = atMs;
      Transaction transaction =
          new Transaction(
              "t" + sent++,
              "m" + user,
              1 + random.nextInt(2_600),
              "USD",
              atMs,
              random.nextInt(7) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
              null,
              null);
      send(bed.topics().transactions(), transaction.userId(), TransactionCodec.encode(transaction));
    }
    producer.flush();
  }

  private void send(String topic, String key, byte[] value) {
    var _ = producer.send(new ProducerRecord<>(topic, key.getBytes(UTF_8), value));
  }

  private void grow(int partitions) {
    var preparation =
        new Preparation(
            new PrintWriter(System.err, true, UTF_8),
            Duration.ofSeconds(60),
            Timekeeper.real(InstantSource.system()));
    assertThat(
            preparation.topics(
                bed.database(),
                Map.of("bootstrap.servers", bed.bootstrapServers()),
                bed.topics(),
                OptionalInt.of(partitions),
                OptionalInt.empty()))
        .isEmpty();
  }

  private void awaitRows() {
    await()
        .atMost(LIMIT)
        .until(() -> number("SELECT count(*) FROM spendwatch.transactions") == sent);
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

  long number(String query) {
    return tables.number(query);
  }
}
