package io.spendwatch.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.servers.KafkaServer;
import io.spendwatch.ops.servers.PostgresServer;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelinesIT {
  private static final long T0_MS = Instant.parse("2024-07-12T00:00:00Z").toEpochMilli();
  private static final int USERS = 200;

  @TempDir static Path directory;
  static KafkaServer kafka;
  static PostgresServer postgres;

  private TestBed bed;

  @BeforeAll
  static void startServers() {
    kafka = KafkaServer.start(directory.resolve("kafka"), 0);
    postgres = PostgresServer.start(directory.resolve("postgres"), 0);
  }

  @AfterAll
  static void stopServers() {
    kafka.close();
    postgres.close();
  }

  @BeforeEach
  void prepare() throws Exception {
    bed = new TestBed(kafka.bootstrapServers(), postgres.uri());
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void publishesEachAlertOnceAndInTheOrderOfTheLedger() {
    accounts();
    TestBed.Node node = bed.start("a");
    awaitAccounts();
    int sent = purchases(20_000, 1);
    awaitRows(sent);
    awaitAlertsPublished();
    node.stop();
    assertLedgerIsExact(sent);
    assertTopicEqualsLedger();
  }

  @Test
  void putsBadRecordsAsideAndGoesOn() {
    accounts();
    TestBed.Node node = bed.start("a");
    awaitAccounts();
    Random random = new Random(3);
    for (int i = 0; i < 500; i++) {
      byte[] value = new byte[i % 50 == 0 ? 900_000 : 100];
      random.nextBytes(value);
      bed.send(bed.topics().transactions(), ("u" + i % USERS).getBytes(UTF_8), value);
      bed.send(purchase(i, "u" + i % USERS, T0_MS + i));
    }
    bed.send(bed.topics().transactions(), null, "{}".getBytes(UTF_8));
    bed.send(bed.topics().transactions(), "u1".getBytes(UTF_8), null);
    bed.send(bed.topics().balances(), "u1".getBytes(UTF_8), "[]".getBytes(UTF_8));
    bed.flush();
    awaitRows(500);
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters())).hasSize(502));
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () -> assertThat(bed.allCommitted(bed.topics().balancesDeadLetters())).hasSize(1));
    node.stop();
    assertLedgerIsExact(500);
  }

  @Test
  void losesAndDoublesNothingWhileNodesComeAndGo() {
    accounts();
    bed.start("a");
    awaitAccounts();
    int sent = 0;
    for (int round = 0; round < 5; round++) {
      sent = purchases(sent, 8_000, round);
      TestBed.Node passing = bed.start("b" + round);
      sent = purchases(sent, 8_000, round);
      int atLeast = sent / 2;
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") > atLeast);
      passing.stop();
    }
    awaitRows(sent);
    awaitAlertsPublished();
    assertLedgerIsExact(sent);
    assertTopicEqualsLedger();
  }

  private void accounts() {
    for (int user = 0; user < USERS; user++) {
      bed.send(new Balance("u" + user, "user " + user, 100_000 + user, "USD", T0_MS));
    }
    bed.flush();
  }

  private void awaitAccounts() {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.accounts") == USERS);
  }

  private int purchases(int count, long seed) {
    return purchases(0, count, seed);
  }

  /** Purchases in order of time, some of them sent twice; returns the number of the next one. */
  private int purchases(int from, int count, long seed) {
    Random random = new Random(seed);
    for (int i = from; i < from + count; i++) {
      Transaction transaction = purchase(i, "u" + random.nextInt(USERS), T0_MS + i * 30_000L);
      bed.send(transaction);
      if (random.nextInt(20) == 0) {
        bed.send(transaction);
      }
    }
    bed.flush();
    return from + count;
  }

  private static Transaction purchase(int number, String userId, long eventTimeMs) {
    return new Transaction(
        "tx" + number,
        userId,
        1 + (number * 7919L) % 20_000,
        "USD",
        eventTimeMs,
        number % 11 == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
        "m",
        null);
  }

  private void awaitRows(int rows) {
    await()
        .atMost(Duration.ofSeconds(90))
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") >= rows);
  }

  private void awaitAlertsPublished() {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                bed.allCommitted(bed.topics().alerts()).size()
                    >= bed.number("SELECT count(*) FROM spendwatch.alerts"));
  }

  /** Every row once, and each exposure as SQL finds it; times grow, so nothing came late. */
  private void assertLedgerIsExact(int rows) {
    assertThat(bed.number("SELECT count(*) FROM spendwatch.transactions")).isEqualTo(rows);
    assertThat(
            bed.column(
                """
                SELECT t.transaction_id || ': ' || t.exposure_minor || ' instead of ' || w.exposure
                  FROM spendwatch.transactions t
                  JOIN LATERAL (
                    SELECT sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) AS exposure
                      FROM spendwatch.transactions o
                     WHERE o.user_id = t.user_id
                       AND o.event_time > t.event_time - interval '24 hours'
                       AND o.event_time <= t.event_time) w ON true
                 WHERE w.exposure <> t.exposure_minor
                    OR (t.verdict = 'BREACH') <> (t.exposure_minor > t.balance_minor)
                """))
        .isEmpty();
  }

  private void assertTopicEqualsLedger() {
    List<String> published =
        bed.allCommitted(bed.topics().alerts()).stream()
            .map(record -> AlertCodec.decode(record.value()))
            .map(Alert::alertId)
            .toList();
    assertThat(published).isNotEmpty().doesNotHaveDuplicates();
    assertThat(published)
        .containsExactlyInAnyOrderElementsOf(bed.column("SELECT alert_id FROM spendwatch.alerts"));
    bed.committed(bed.topics().alerts())
        .forEach(
            (_, records) -> {
              List<String> inTopic =
                  records.stream().map(r -> AlertCodec.decode(r.value()).alertId()).toList();
              List<String> inLedger =
                  bed.column(
                      "SELECT alert_id FROM spendwatch.alerts ORDER BY kafka_partition, partition_seq");
              inLedger.retainAll(inTopic);
              assertThat(inTopic).isEqualTo(inLedger);
            });
  }
}
