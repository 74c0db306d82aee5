package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The whole walk on real servers: what goes into Kafka, what is in the ledger, what comes out. */
@ExtendWith(Servers.class)
class PipelinesIT {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private PipelinesBed bed;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void publishesEachAlertOnceInTheOrderOfTheLedger() {
    bed.start("a");
    Spending spending = new Spending(bed, 1);
    spending.openAccounts();
    spending.spend(20_000);
    spending.awaitAndVerify();
  }

  @Test
  void losesAndDoublesNothingWhileNodesComeAndGo() {
    bed.start("a");
    Spending spending = new Spending(bed, 2);
    spending.openAccounts();
    for (int round = 0; round < 3; round++) {
      spending.spend(5_000);
      PipelinesNode passing = bed.start("b" + round);
      spending.spend(5_000);
      await().atMost(LIMIT).until(() -> !passing.status().partitions().isEmpty());
      spending.awaitStored(0.7);
      passing.stop();
    }
    spending.awaitAndVerify();
  }

  @Test
  void changesNothingWhenTheTopicIsReadAgain() {
    PipelinesNode first = bed.start("a");
    Spending spending = new Spending(bed, 3);
    spending.openAccounts();
    spending.spend(5_000);
    spending.awaitAndVerify();
    await()
        .atMost(LIMIT)
        .until(
            () ->
                bed.number(
                        "SELECT count(*) FROM spendwatch.pipelines WHERE published_alert_seq < alert_seq")
                    == 0);
    first.stop();
    bed.moveOffsets(bed.topics().transactions(), 0);

    PipelinesNode second = bed.start("a");

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        second.status().partitions().stream()
                            .mapToLong(PartitionStatus::duplicates)
                            .sum())
                    .isGreaterThanOrEqualTo(5_000));
    spending.awaitAndVerify();
  }

  @Test
  void putsBadRecordsAsideAndGoesOn() {
    bed.start("a");
    Random random = new Random(4);
    for (int i = 0; i < 300; i++) {
      byte[] garbage = new byte[i % 50 == 0 ? 900_000 : 100];
      random.nextBytes(garbage);
      bed.send(bed.topics().transactions(), ("u" + i % 7).getBytes(UTF_8), garbage);
      bed.send(purchase("tx" + i, "u" + i % 7, Spending.START_MS + i, 1));
    }
    bed.send(bed.topics().transactions(), null, "{}".getBytes(UTF_8));
    bed.send(bed.topics().transactions(), "u1".getBytes(UTF_8), null);
    bed.send(bed.topics().balances(), "u1".getBytes(UTF_8), "[]".getBytes(UTF_8));
    bed.flush();

    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == 300);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters()))
                    .hasSize(302)
                    .allMatch(letter -> letter.headers().lastHeader(DeadLetters.REASON) != null));
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(bed.allCommitted(bed.topics().balancesDeadLetters())).hasSize(1));
  }

  @Test
  void putsAsideWhatTheSettingsDoNotAccept() {
    bed.start(
        "a",
        """
        spendwatch.pipeline { event-time-floor = 2024-07-12, amount-minor-max = 900 }
        """);
    bed.send(purchase("tx1", "42", Spending.START_MS - 1, 900));
    bed.send(purchase("tx2", "42", Spending.START_MS, 900));
    bed.send(purchase("tx3", "42", Spending.START_MS, 901));
    bed.send(purchase("tx4", "4111111111111111", Spending.START_MS, 900));
    bed.send(new Balance("43", "of card 4111 1111 1111 1111", 1, "USD", Spending.START_MS));
    bed.flush();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters()))
                    .extracting(PipelinesIT::reason)
                    .containsExactlyInAnyOrder(
                        "TOO_OLD_EVENT_TIME", "AMOUNT_TOO_LARGE", "PAN_SUSPECTED"));
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(bed.allCommitted(bed.topics().balancesDeadLetters()))
                    .extracting(PipelinesIT::reason)
                    .containsExactly("PAN_SUSPECTED"));
    assertThat(bed.column("SELECT transaction_id FROM spendwatch.transactions"))
        .containsExactly("tx2");
    assertThat(
            Stream.of(bed.topics().transactionsDeadLetters(), bed.topics().balancesDeadLetters())
                .flatMap(topic -> bed.allCommitted(topic).stream()))
        .noneMatch(letter -> letter.toString().contains("4111111111111111"))
        .noneMatch(
            letter -> new String(letter.value(), UTF_8).replace(" ", "").contains("41111111"))
        .noneMatch(letter -> new String(letter.key(), UTF_8).contains("41111111"));
  }

  private static String reason(ConsumerRecord<byte[], byte[]> letter) {
    return new String(letter.headers().lastHeader(DeadLetters.REASON).value(), UTF_8);
  }

  @Test
  void raisesAndClearsWhenABalanceChangesWithoutAnyTransaction() {
    bed.start("a", "spendwatch.pipeline { idle-after = 1 s, end-offset-interval = 200 ms }");
    bed.send(new Balance("42", "user42", 1_000, "USD", Spending.START_MS));
    bed.flush();
    await().atMost(LIMIT).until(() -> bed.number("SELECT count(*) FROM spendwatch.accounts") == 1);
    bed.send(purchase("tx1", "42", Spending.START_MS, 900));
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == 1);
    assertThat(alerts()).isEmpty();

    bed.execute(
        "UPDATE spendwatch.accounts SET balance_minor = 899, as_of = '2024-07-12T00:00:00.500Z'");
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));
    bed.send(new Balance("42", "user42", 900, "USD", Spending.START_MS + 1000));
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(2));

    assertThat(alerts())
        .extracting(Alert::type)
        .containsExactly(AlertType.RAISED, AlertType.CLEARED);
    assertThat(alerts())
        .extracting(Alert::eventTimeMs)
        .containsExactly(Spending.START_MS + 500, Spending.START_MS + 1000);
    assertThat(alerts())
        .allMatch(alert -> alert.cause() == AlertCause.BALANCE && alert.transactionId() == null);
  }

  @Test
  void readsBalancesAnewWhenTheirChannelWasCut() {
    PipelinesNode node = bed.start("a");
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('42', 'USD', 1000)");
    bed.send(purchase("tx1", "42", Spending.START_MS, 900));
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == 1);
    await().atMost(LIMIT).until(() -> node.status().balancesPushed());
    // Nobody hears of this change: it is announced to nobody, and then the channel is cut.
    bed.execute(
        """
        SET session_replication_role = replica;
        UPDATE spendwatch.accounts SET balance_minor = 899, balance_version = 2;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spendwatch-push' AND datname = current_database()
        """);

    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));
    await().atMost(LIMIT).until(() -> node.status().balancesPushed());
  }

  @Test
  void clearsAnIdleUsersEpisodeWhenItsTimeHasPassed() {
    AtomicReference<Duration> ahead = new AtomicReference<>(Duration.ZERO);
    bed.start(
        "a",
        "spendwatch.pipeline { idle-after = 1 s, end-offset-interval = 200 ms }",
        () -> Instant.now().plus(ahead.get()));
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('42', 'USD', 1000)");
    bed.send(purchase("tx1", "42", Spending.START_MS, 1_001));
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));

    ahead.set(Duration.ofHours(25));

    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(2));
    Alert cleared = alerts().getLast();
    assertThat(cleared.cause()).isEqualTo(AlertCause.EXPIRY);
    assertThat(cleared.eventTimeMs()).isEqualTo(Spending.START_MS + ExposureWindow.WINDOW_MS);
  }

  @Test
  void clearsAnIdleUsersEpisodeAlthoughItsPartitionHasMovedMeanwhile() {
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('42', 'USD', 1000)");
    PipelinesNode first = bed.start("a");
    bed.send(purchase("tx1", "42", Spending.START_MS, 1_001));
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));
    first.stop();

    bed.start(
        "b",
        "spendwatch.pipeline { idle-after = 1 s, end-offset-interval = 200 ms }",
        () -> Instant.now().plus(Duration.ofHours(25)));

    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(2));
    assertThat(alerts().getLast().cause()).isEqualTo(AlertCause.EXPIRY);
  }

  @Test
  void leavesTheNewerBalanceInForce() {
    bed.start("a");
    bed.send(new Balance("42", "user42", 3, "USD", Spending.START_MS + 3));
    bed.flush();
    await().atMost(LIMIT).until(() -> bed.number("SELECT count(*) FROM spendwatch.accounts") == 1);

    bed.send(new Balance("42", "user42", 2, "USD", Spending.START_MS + 2));
    bed.send(new Balance("42", null, 3, "USD", Spending.START_MS + 3));
    bed.send(new Balance("43", "user43", 1, "USD", Spending.START_MS));
    bed.flush();

    await().atMost(LIMIT).until(() -> bed.number("SELECT count(*) FROM spendwatch.accounts") == 2);
    assertThat(
            bed.column(
                """
                SELECT concat_ws(' ', username, balance_minor, balance_version, last_version)
                  FROM spendwatch.accounts
                 WHERE user_id = '42'
                """))
        .containsExactly("user42 3 1 2");
  }

  @Test
  void saysWhatItDoes() {
    PipelinesNode node = bed.start("a");
    await()
        .atMost(LIMIT)
        .until(() -> node.status().partitions().size() == 8 && node.status().isHealthy());
    bed.send(purchase("tx1", "42", Spending.START_MS, 1));
    bed.flush();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(node.status().partitions())
                    .anySatisfy(
                        partition -> {
                          assertThat(partition.transactions()).isOne();
                          assertThat(partition.lagRecords()).isZero();
                          assertThat(partition.epoch()).isOne();
                          assertThat(partition.lastEventTimeMs()).isEqualTo(Spending.START_MS);
                        }));
  }

  private List<Alert> alerts() {
    return bed.allCommitted(bed.topics().alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()))
        .toList();
  }

  private static Transaction purchase(
      String transactionId, String userId, long eventTimeMs, long amountMinor) {
    return new Transaction(
        transactionId,
        userId,
        amountMinor,
        "USD",
        eventTimeMs,
        TransactionKind.PURCHASE,
        null,
        null);
  }
}
