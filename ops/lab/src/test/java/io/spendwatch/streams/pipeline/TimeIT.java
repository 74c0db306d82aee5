package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.actors.exposure.ExposureWindow;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Records late, too late and from the future; stream time; on real servers. */
@ExtendWith(Servers.class)
class TimeIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PARTITIONS = 4;
  private static final long HOUR_MS = Duration.ofHours(1).toMillis();
  private static final String USER = "42";

  private PipelinesBed bed;
  private int sent;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('42', 'USD', 1000)");
    // Stream time moves by records alone.
    bed.start("a", "spendwatch.pipeline.idle-after = 1 h");
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void aLateRecordRaisesWhatBecomesVisibleOnlyNow() {
    spend(USER, 0, 600);
    spend(USER, 2, 300);
    awaitRows(2);
    assertThat(alerts()).isEmpty();

    spend(USER, 1, 200);

    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));
    Alert raised = alerts().getFirst();
    assertThat(raised.late()).isTrue();
    assertThat(raised.transactionId()).isEqualTo("tx1");
    assertThat(raised.exposureMinor()).isEqualTo(1_100);
    // Its own row says what it was at its own time; the others' rows stay.
    assertThat(rows()).containsExactly("tx0 600 CLEAR", "tx2 800 CLEAR", "tx1 900 CLEAR");
  }

  @Test
  void aRecordOneDayBehindIsStoredAndChangesNothing() {
    spend(USER, 30, 600);
    spend(USER, 6, 5_000);
    awaitRows(2);
    spend(USER, 31, 400);
    awaitRows(3);
    assertThat(rows()).containsExactly("tx1 5000 TOO_LATE", "tx0 600 CLEAR", "tx2 1000 CLEAR");
    assertThat(alerts()).isEmpty();
  }

  @Test
  void aRecordFromTheFutureIsABadOneAndMovesNoTime() {
    spend(USER, 0, 1_001);
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));

    send(USER, Instant.now().plus(Duration.ofMinutes(6)).toEpochMilli(), 1);

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters()))
                    .singleElement()
                    .satisfies(
                        letter ->
                            assertThat(letter.headers().lastHeader("dlq.reason").value())
                                .asString(StandardCharsets.UTF_8)
                                .isEqualTo("FUTURE_EVENT_TIME")));
    assertThat(alerts()).hasSize(1);
  }

  @Test
  void anIdleUsersEpisodeEndsByTheStreamTimeOfItsOwnPartition() {
    spend(USER, 0, 1_001);
    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(1));
    int own = Partitioner.MURMUR2.partitionOf(USER, PARTITIONS);

    spend(userWhosePartition(partition -> partition != own), 25, 1);
    // At its very end it has not passed yet.
    spend(userWhosePartition(partition -> partition == own), 24, 1);
    awaitRows(3);
    assertThat(alerts()).hasSize(1);
    spend(userWhosePartition(partition -> partition == own), 25, 1);

    await().atMost(LIMIT).untilAsserted(() -> assertThat(alerts()).hasSize(2));
    Alert cleared = alerts().getLast();
    assertThat(cleared.cause()).isEqualTo(AlertCause.EXPIRY);
    assertThat(cleared.eventTimeMs()).isEqualTo(Spending.START_MS + ExposureWindow.WINDOW_MS);
  }

  private static String userWhosePartition(IntPredicate is) {
    return IntStream.range(0, 100)
        .mapToObj(user -> "other" + user)
        .filter(user -> is.test(Partitioner.MURMUR2.partitionOf(user, PARTITIONS)))
        .findFirst()
        .orElseThrow();
  }

  private void spend(String userId, int hour, long amountMinor) {
    send(userId, Spending.START_MS + hour * HOUR_MS, amountMinor);
  }

  private void send(String userId, long eventTimeMs, long amountMinor) {
    bed.send(
        new Transaction(
            "tx" + sent++,
            userId,
            amountMinor,
            "USD",
            eventTimeMs,
            TransactionKind.PURCHASE,
            null,
            null));
    bed.flush();
  }

  private void awaitRows(int rows) {
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == rows);
  }

  private List<String> rows() {
    return bed.column(
        """
        SELECT transaction_id || ' ' || exposure_minor || ' ' || verdict
          FROM spendwatch.transactions ORDER BY event_time, kafka_offset
        """);
  }

  private List<Alert> alerts() {
    return bed.allCommitted(bed.topics().alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()))
        .toList();
  }
}
