package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.storage.topics.TopicGrowth;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A user's records in more than one partition of the topic: by mistake, or since it grows. */
@ExtendWith(Servers.class)
class GrowthIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int BEFORE = 4;
  private static final int AFTER = 8;
  private static final long HOUR_MS = 3_600_000;

  private static final String ALERTS =
      """
      SELECT concat_ws('|', alert_id, type, user_id, transaction_id, exposure_minor, balance_minor,
                       transactions, event_time, late, cause)
        FROM spendwatch.alerts
       WHERE type = 'RAISED'
          OR event_time < (SELECT min(stream_time) - interval '2 hours' FROM spendwatch.pipelines)
       ORDER BY 1
      """;

  private static final String ROWS =
      """
      SELECT concat_ws('|', user_id, event_time, transaction_id, exposure_minor, balance_minor, verdict)
        FROM spendwatch.transactions
       ORDER BY 1
      """;

  private TestBed servers;
  private PipelinesBed bed;

  @BeforeEach
  void prepare(TestBed shared) throws Exception {
    servers = shared;
    bed = new PipelinesBed(shared.bootstrapServers(), shared.database());
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void putsARecordAsideThatIsInAPartitionOfNoneOfItsUsers() {
    bed.start("a");
    open("42", 10_000);
    int home = Partitioner.MURMUR2.partitionOf("42", BEFORE);
    int other = (home + 1) % BEFORE;
    for (int i = 0; i < 5; i++) {
      bed.send(i == 2 ? other : home, purchase("tx" + i, "42", i * HOUR_MS, 4_000));
    }
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              assertThat(
                      bed.column("SELECT exposure_minor FROM spendwatch.transactions ORDER BY 1"))
                  .containsExactly("4000", "8000", "12000", "16000");
              assertThat(deadLetters()).hasSize(1);
            });
    ConsumerRecord<byte[], byte[]> letter = deadLetters().getFirst();
    assertThat(header(letter, "dlq.reason")).isEqualTo("WRONG_PARTITION");
    assertThat(header(letter, "dlq.partition")).isEqualTo(Integer.toString(other));
    assertThat(header(letter, "dlq.message"))
        .contains("partition %d of %d".formatted(home, BEFORE), "murmur2");
    assertThat(bed.column("SELECT type FROM spendwatch.alerts")).containsExactly("RAISED");
  }

  @Test
  void takesWhatProducersWithCrc32Write() {
    bed.start("a", "spendwatch.kafka.partitioner = crc32");
    for (int user = 0; user < 20; user++) {
      String id = "u" + user;
      bed.send(Partitioner.CRC32.partitionOf(id, BEFORE), purchase("tx", id, 0, 1));
    }
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == 20);
    assertThat(deadLetters()).isEmpty();
  }

  /** The producer hears of the new partitions only minutes later: what it sends is passed on. */
  @Test
  void assessesAsIfNothingHadGrownWhileItGrowsUnderTraffic() throws Exception {
    bed.start("a");
    bed.start("b");
    Spending spending = new Spending(bed, 7);
    spending.openAccounts();
    spending.spend(6_000);
    CompletableFuture<Void> growth = CompletableFuture.runAsync(() -> bed.grow(AFTER));
    spending.spend(6_000);
    growth.join();
    spending.spend(6_000);
    spending.awaitAndVerify();
    assertThat(bed.number("SELECT count(DISTINCT kafka_partition) FROM spendwatch.transactions"))
        .isEqualTo(AFTER);
    assertThat(deadLetters()).isEmpty();
    // Again, and there is nothing to do.
    bed.grow(AFTER);
    assertThatThrownBy(() -> bed.grow(BEFORE)).isInstanceOf(TopicGrowth.FewerPartitions.class);

    try (PipelinesBed ungrown = new PipelinesBed(servers.bootstrapServers(), servers.database())) {
      ungrown.start("a");
      Spending same = new Spending(ungrown, 7);
      same.openAccounts();
      same.spend(18_000);
      same.awaitAndVerify();
      assertThat(bed.column(ROWS)).isEqualTo(ungrown.column(ROWS));
      assertThat(bed.column(ALERTS)).isEqualTo(ungrown.column(ALERTS));
    }
  }

  @Test
  void partitionsThatSomebodyAddsDoNoHarm() throws Exception {
    PipelinesNode node = bed.start("a");
    String user =
        IntStream.range(0, 1000)
            .mapToObj(i -> "m" + i)
            .filter(id -> Partitioner.MURMUR2.partitionOf(id, AFTER) >= BEFORE)
            .findFirst()
            .orElseThrow();
    int former = Partitioner.MURMUR2.partitionOf(user, BEFORE);
    int home = Partitioner.MURMUR2.partitionOf(user, AFTER);
    String neighbour =
        IntStream.range(0, 1000)
            .mapToObj(i -> "n" + i)
            .filter(id -> Partitioner.MURMUR2.partitionOf(id, AFTER) == former)
            .findFirst()
            .orElseThrow();
    open(user, 10_000);
    bed.send(former, purchase("tx0", user, 0, 15_000));
    await().atMost(LIMIT).until(() -> bed.number("SELECT count(*) FROM spendwatch.alerts") == 1);

    bed.addPartitions(AFTER);
    bed.send(home, purchase("tx1", user, 23 * HOUR_MS, 15_000));
    bed.flush();
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT partitions FROM spendwatch.topic_layout") == AFTER);
    // Its former home's time goes on, past the end of what it had spent there.
    bed.send(former, purchase("ty", neighbour, 25 * HOUR_MS, 1));
    bed.send(former, purchase("tx2", user, 24 * HOUR_MS, 1));
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == 4);
    await().atMost(LIMIT).until(() -> node.status().isHealthy());
    assertThat(
            bed.column(
                "SELECT transaction_id || ' ' || exposure_minor || ' ' || kafka_partition"
                    + " FROM spendwatch.transactions WHERE user_id = '"
                    + user
                    + "' ORDER BY event_time"))
        .containsExactly("tx0 15000 " + former, "tx1 30000 " + home, "tx2 15001 " + home);
    assertThat(bed.column("SELECT type FROM spendwatch.alerts")).containsExactly("RAISED");
    assertThat(deadLetters()).isEmpty();
  }

  /** Its id is taken by a row that somebody else has written, as where two lives decide alike. */
  @Test
  void publishesNoAlertThatHasNoRow() {
    PipelinesNode first = bed.start("a");
    open("42", 10_000);
    bed.send(purchase("tx0", "42", 0, 15_000));
    await().atMost(LIMIT).until(() -> published() == 1);
    first.stop();
    bed.execute("DELETE FROM spendwatch.transactions; DELETE FROM spendwatch.open_episodes");
    bed.execute("UPDATE spendwatch.alerts SET user_id = 'other', kafka_partition = 99");
    bed.execute("UPDATE spendwatch.progress SET next_offset = 0, published_offset = 0");
    bed.forgetOffsets(bed.topics().transactions());

    PipelinesNode second = bed.start("a");
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == 1);
    bed.send(purchase("tx1", "42", HOUR_MS, 1));
    await()
        .atMost(LIMIT)
        .until(() -> bed.number("SELECT count(*) FROM spendwatch.transactions") == 2);
    await().atMost(LIMIT).until(() -> second.status().isHealthy());
    assertThat(
            bed.number(
                "SELECT count(*) FROM spendwatch.alerts WHERE type = 'RAISED' AND user_id = 'other'"))
        .isEqualTo(1);
    assertThat(published())
        .isEqualTo(1 + bed.number("SELECT count(*) FROM spendwatch.alerts WHERE user_id = '42'"));
  }

  private long published() {
    return bed.allCommitted(bed.topics().alerts()).size();
  }

  private void open(String userId, long balanceMinor) {
    bed.send(new Balance(userId, null, balanceMinor, "USD", Spending.START_MS - HOUR_MS));
    await().atMost(LIMIT).until(() -> bed.number("SELECT count(*) FROM spendwatch.accounts") == 1);
  }

  private List<ConsumerRecord<byte[], byte[]>> deadLetters() {
    return bed.allCommitted(bed.topics().transactionsDeadLetters());
  }

  private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), UTF_8);
  }

  private static Transaction purchase(String id, String userId, long afterMs, long amountMinor) {
    return new Transaction(
        id,
        userId,
        amountMinor,
        "USD",
        Spending.START_MS + afterMs,
        TransactionKind.PURCHASE,
        null,
        null);
  }
}
