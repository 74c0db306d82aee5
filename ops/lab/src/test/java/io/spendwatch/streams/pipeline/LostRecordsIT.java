package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

/** Records that are gone before they were read: noticed, noted once, and all others assessed. */
@ExtendWith(Servers.class)
class LostRecordsIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PARTITIONS = 4;
  private static final String USER = "42";

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private PipelinesBed bed;
  private TopicPartition source;
  private int sent;

  @BeforeEach
  void prepare(TestBed servers) throws Exception {
    bed = new PipelinesBed(servers.bootstrapServers(), servers.database());
    source =
        new TopicPartition(
            bed.topics().transactions(), Partitioner.MURMUR2.partitionOf(USER, PARTITIONS));
    log.start();
    logger().addAppender(log);
  }

  @AfterEach
  void cleanUp() {
    logger().detachAppender(log);
    bed.close();
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger("io.spendwatch.streams");
  }

  @Test
  void notesWhatRetentionHasRemovedWhileTheNodesWereDown() throws Exception {
    assess(10);
    send(20);
    bed.deleteRecordsBefore(source, 25);

    PipelinesNode node = bed.start("a");

    awaitAssessed(IntStream.concat(IntStream.range(0, 10), IntStream.range(25, 30)));
    assertThat(lost()).containsExactly("10 25 EXPIRED");
    assertThat(node.status().lostRecords()).isEqualTo(15);
    assertThat(errors())
        .singleElement()
        .asString()
        .contains("LOST_RECORDS", source.toString(), "[10, 25)", "Going on from offset 25");
    node.stop();
    bed.start("a");
    send(1);
    awaitStored(16);
    assertThat(lost()).as("once").containsExactly("10 25 EXPIRED");
  }

  @Test
  void goesOnWhereTheTablesSayWhenTheOffsetsAreGone() {
    assess(10);
    bed.forgetOffsets(bed.topics().transactions());
    send(5);

    PipelinesNode node = bed.start("a");

    awaitAssessed(IntStream.range(0, 15));
    assertThat(duplicates(node)).as("read again").isZero();
    assertThat(lost()).isEmpty();
  }

  @Test
  void notesWhatRetentionHasRemovedAlthoughTheOffsetsAreGone() throws Exception {
    assess(10);
    bed.forgetOffsets(bed.topics().transactions());
    send(20);
    bed.deleteRecordsBefore(source, 25);

    bed.start("a");

    awaitAssessed(IntStream.concat(IntStream.range(0, 10), IntStream.range(25, 30)));
    assertThat(lost()).containsExactly("10 25 EXPIRED");
  }

  @Test
  void readsATopicThatWasMadeAnewFromItsBeginning() throws Exception {
    assess(10);
    bed.deleteTopic(bed.topics().transactions());
    bed.makeTopics();
    send(15);

    bed.start("a");

    awaitStored(25);
    assertThat(lost()).hasSize(1 + partitionsReadBefore()).contains("10 null TOPIC_REPLACED");
    assertThat(errors()).anyMatch(line -> line.contains("[10, unknown)"));
  }

  @Test
  void noticesATopicThatIsMadeAnewWhileItIsRead() throws Exception {
    bed.start("a", "spendwatch.pipeline.end-offset-interval = 500 ms");
    send(10);
    awaitStored(10);
    bed.deleteTopic(bed.topics().transactions());
    bed.makeTopics();
    send(15);

    awaitStored(25);
    await().atMost(LIMIT).until(() -> lost().contains("10 null TOPIC_REPLACED"));
  }

  @Test
  void readsAgainWhatADatabaseThatWasPutBackDoesNotKnow() throws Exception {
    assess(10);
    bed.execute(
        """
        CREATE TABLE public.before AS TABLE spendwatch.transactions;
        CREATE TABLE public.pipelines_before AS TABLE spendwatch.pipelines;
        """);
    assess(10);
    putBack();

    PipelinesNode node = bed.start("a");

    askForIt();
    awaitAssessed(IntStream.range(0, 20));
    assertThat(lost()).as("the log still had them").isEmpty();
    node.stop();

    putBack();
    bed.execute("UPDATE spendwatch.rewinds SET asked_at = NULL");
    bed.deleteRecordsBefore(source, 15);
    bed.start("a");

    askForIt();
    awaitAssessed(IntStream.concat(IntStream.range(0, 10), IntStream.range(15, 20)));
    assertThat(lost()).containsExactly("10 15 EXPIRED");
  }

  /**
   * A Kafka of an earlier time, offsets included: the tables are ahead of it, and what is sent now
   * stands where records were that have rows already.
   */
  @Test
  void assessesWhatAKafkaThatWasPutBackHasInThePlaceOfWhatWasRead() {
    assess(10);
    bed.execute(
        "UPDATE spendwatch.transactions SET kafka_offset = kafka_offset + 7;"
            + " UPDATE spendwatch.progress SET next_offset = next_offset + 7, published_offset = published_offset + 7"
            + " WHERE kafka_partition = "
            + source.partition());

    PipelinesNode node = bed.start("a");
    send(10);

    awaitStored(20);
    assertThat(duplicates(node)).isZero();
    assertThat(lost()).isEmpty();
  }

  @Test
  void notesWhatIsSkippedWhenSomebodyMovesTheOffset() {
    assess(10);
    send(10);
    bed.moveOffsets(bed.topics().transactions(), 15);

    bed.start("a");

    awaitAssessed(IntStream.concat(IntStream.range(0, 10), IntStream.range(15, 20)));
    assertThat(lost()).contains("10 15 SKIPPED");
  }

  @Test
  void finishesWhatItHasReadWhenRetentionOvertakesIt() throws Exception {
    PipelinesNode node =
        bed.start(
            "a",
            """
            spendwatch.pipeline { batch-rows-max = 1, queued-polls-max = 1, unpublished-batches-max = 1, poll-interval-min = 0 s }
            spendwatch.kafka.properties { "max.poll.records" = 1, "max.partition.fetch.bytes" = 1 }
            """);
    send(1);
    awaitStored(1);
    // It cannot write: what it has read waits, and the rest stays in the log.
    bed.execute("ALTER TABLE spendwatch.transactions RENAME TO away");
    send(5_000);
    await().atMost(LIMIT).until(() -> positionOf(node) > 3);
    bed.deleteRecordsBefore(source, 4_990);
    bed.execute("ALTER TABLE spendwatch.away RENAME TO transactions");

    await()
        .atMost(LIMIT)
        .until(
            () ->
                bed.number("SELECT max(kafka_offset) FROM spendwatch.transactions") == 5_000
                    && bed.isCaughtUp());
    long stored = bed.number("SELECT count(*) FROM spendwatch.transactions");
    long noted = bed.number("SELECT sum(to_offset - from_offset) FROM spendwatch.lost_records");
    assertThat(noted).isPositive().isEqualTo(node.status().lostRecords());
    assertThat(stored + noted).as("each is stored or noted").isEqualTo(5_001);
  }

  /** As {@code spendwatch rewind --yes} does, which RestoredDatabaseIT tries. */
  private void askForIt() {
    String noticed = "SELECT count(*) FROM spendwatch.rewinds WHERE asked_at IS NULL";
    await().atMost(LIMIT).until(() -> bed.number(noticed) == 1);
    assertThat(bed.number("SELECT count(*) FROM spendwatch.transactions")).isEqualTo(10);
    bed.execute("UPDATE spendwatch.rewinds SET asked_at = now()");
  }

  private void putBack() {
    bed.execute(
        """
        DELETE FROM spendwatch.transactions WHERE transaction_id NOT IN (SELECT transaction_id FROM public.before);
        UPDATE spendwatch.progress AS now
           SET next_offset = before.next_offset, published_offset = before.published_offset,
               stream_time = before.stream_time
          FROM public.pipelines_before AS before
         WHERE before.kafka_partition = now.kafka_partition;
        """);
  }

  /** Sends so many and has a node assess and commit them; then no node is there. */
  private void assess(int count) {
    PipelinesNode node = bed.start("a");
    send(count);
    awaitStored(sent);
    await()
        .atMost(LIMIT)
        .until(
            () ->
                bed.isCaughtUp()
                    && bed.number("SELECT max(published_offset) FROM spendwatch.pipelines")
                        == sent);
    node.stop();
  }

  private void send(int count) {
    for (int i = 0; i < count; i++) {
      bed.send(
          new Transaction(
              "tx" + sent,
              USER,
              1,
              "USD",
              Spending.START_MS + sent,
              TransactionKind.PURCHASE,
              null,
              null));
      sent++;
    }
    bed.flush();
  }

  private void awaitStored(int rows) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(bed.number("SELECT count(*) FROM spendwatch.transactions"))
                    .isEqualTo(rows));
  }

  private void awaitAssessed(IntStream offsets) {
    List<String> expected = offsets.mapToObj(Integer::toString).toList();
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(
                        bed.column(
                            "SELECT kafka_offset FROM spendwatch.transactions ORDER BY kafka_offset"))
                    .isEqualTo(expected));
  }

  /** Of the partitions without any record. */
  private int partitionsReadBefore() {
    return PARTITIONS - 1;
  }

  private List<String> lost() {
    return bed.column(
        """
        SELECT concat_ws(' ', from_offset, coalesce(to_offset::text, 'null'), reason)
          FROM spendwatch.lost_records
         WHERE topic LIKE '%transactions'
         ORDER BY kafka_partition, from_offset
        """);
  }

  private List<String> errors() {
    return List.copyOf(log.list).stream()
        .filter(event -> event.getLevel() == Level.ERROR)
        .map(ILoggingEvent::getFormattedMessage)
        .toList();
  }

  private long positionOf(PipelinesNode node) {
    return node.status().partitions().stream()
        .filter(partition -> partition.topic().equals(source.topic()))
        .filter(partition -> partition.partition() == source.partition())
        .mapToLong(PartitionStatus::position)
        .sum();
  }

  private static long duplicates(PipelinesNode node) {
    return node.status().partitions().stream().mapToLong(PartitionStatus::duplicates).sum();
  }
}
