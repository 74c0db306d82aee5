package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A topic that takes no records is the trouble of those only who have records for it. */
@ExtendWith(Servers.class)
class TroubledTopicIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Until an offset is committed, on a machine that others use, too. */
  private static final Duration SOON = Duration.ofSeconds(5);

  private static final int PARTITIONS = 4;
  private static final String SPENDER = "spender";

  /** Of another partition. */
  private static final String SAVER =
      IntStream.range(0, 100)
          .mapToObj(i -> "saver" + i)
          .filter(id -> partitionOf(id) != partitionOf(SPENDER))
          .findFirst()
          .orElseThrow();

  private PipelinesBed bed;
  private PipelinesNode node;
  private int sent;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
    bed.execute(
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('%s', 'USD', 100), ('%s', 'USD', 1000000)"
            .formatted(SPENDER, SAVER));
    // As it is delivered: what is tried again keeps the others of its publisher meanwhile.
    node = bed.start("a", "spendwatch.pipeline.retry.max = 5 s");
    // Everybody is at work, and the topics are known to the producer.
    spend(SPENDER, 101);
    spend(SAVER, 1);
    awaitPublished(1);
    await().atMost(LIMIT).until(bed::isCaughtUp);
  }

  @AfterEach
  void cleanUp() {
    bed.close();
  }

  @Test
  void othersGoOnWhileTheAlertTopicIsMissing() throws Exception {
    bed.deleteTopic(bed.topics().alerts());

    refund(SPENDER, 50);
    othersGoOnWhile(bed.topics().alerts() + " is missing");
    spend(SPENDER, 60);
    othersGoOnWhile(bed.topics().alerts() + " is missing");
    long restarts = restarts();
    bed.makeTopics();

    // The first one went with its topic.
    awaitPublished(2);
    await().atMost(LIMIT).until(bed::isCaughtUp);
    assertThat(publishedIds()).isEqualTo(storedIds().subList(1, 3));
    assertThat(restarts).as("lives that ended").isZero();
    assertThat(node.status().isHealthy()).isTrue();
  }

  @Test
  void othersGoOnWhileTheDeadLetterTopicIsMissing() throws Exception {
    bed.deleteTopic(bed.topics().transactionsDeadLetters());

    bed.send(bed.topics().transactions(), SPENDER.getBytes(UTF_8), "{".getBytes(UTF_8));
    othersGoOnWhile(bed.topics().transactionsDeadLetters() + " is missing");
    bed.makeTopics();

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters())).hasSize(1));
    await().atMost(LIMIT).until(bed::isCaughtUp);
    assertThat(restarts()).isZero();
  }

  @Test
  void othersGoOnWhileAnAlertIsTooLarge() throws Exception {
    bed.limit(bed.topics().alerts(), 200);

    refund(SPENDER, 50);
    othersGoOnWhile(bed.topics().alerts());
    bed.limit(bed.topics().alerts(), 1_000_000);

    awaitPublished(2);
    await().atMost(LIMIT).until(bed::isCaughtUp);
    assertThat(publishedIds()).isEqualTo(storedIds());
    assertThat(restarts()).isZero();
  }

  /** Several times, since the trouble is tried again in between. */
  private void othersGoOnWhile(String trouble) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(statusOf(SPENDER).waitingFor())
                    .get(InstanceOfAssertFactories.STRING)
                    .contains("Kafka: topic", trouble));
    assertThat(statusOf(SPENDER).state()).isEqualTo(PartitionStatus.State.WAITING);
    for (int i = 0; i < 5; i++) {
      spend(SAVER, 1);
      await().atMost(SOON).until(() -> statusOf(SAVER).lagRecords() == 0 && isCommitted(SAVER));
      assertThat(statusOf(SAVER).waitingFor()).isEmpty();
    }
    assertThat(isCommitted(SPENDER)).isFalse();
  }

  private void spend(String userId, long amountMinor) {
    send(userId, amountMinor, TransactionKind.PURCHASE);
  }

  private void refund(String userId, long amountMinor) {
    send(userId, amountMinor, TransactionKind.REFUND);
  }

  private void send(String userId, long amountMinor, TransactionKind kind) {
    bed.send(
        new Transaction(
            "tx" + sent, userId, amountMinor, "USD", Spending.START_MS + sent, kind, null, null));
    sent++;
    bed.flush();
  }

  private void awaitPublished(int alerts) {
    await().atMost(LIMIT).untilAsserted(() -> assertThat(publishedIds()).hasSize(alerts));
  }

  private List<String> publishedIds() {
    return bed.allCommitted(bed.topics().alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()).alertId())
        .toList();
  }

  private List<String> storedIds() {
    return bed.column("SELECT alert_id FROM spendwatch.alerts ORDER BY partition_seq");
  }

  private PartitionStatus statusOf(String userId) {
    return node.status().partitions().stream()
        .filter(partition -> partition.topic().equals(bed.topics().transactions()))
        .filter(partition -> partition.partition() == partitionOf(userId))
        .findFirst()
        .orElseThrow();
  }

  private long restarts() {
    return node.status().partitions().stream().mapToLong(PartitionStatus::restarts).sum();
  }

  private boolean isCommitted(String userId) {
    return bed.isCommitted(
        Set.of(new TopicPartition(bed.topics().transactions(), partitionOf(userId))));
  }

  private static int partitionOf(String userId) {
    return Partitioner.MURMUR2.partitionOf(userId, PARTITIONS);
  }
}
