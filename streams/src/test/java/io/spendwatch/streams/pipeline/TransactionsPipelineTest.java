package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionDependencies;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.kafka.TransactionsTopic;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.Layouts;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.PgAccounts;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.SimulatedPipelines;
import io.spendwatch.streams.ledger.SimulatedPostgres;
import io.spendwatch.streams.ledger.Sources;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.life.CountedMetrics;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.pipeline.start.PartitionStarts;
import io.spendwatch.streams.publish.Publishers;
import io.spendwatch.streams.quarantine.Suspects;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * One partition's walk from records to what subscribers see, step by step: the ledger answers when
 * the test lets it, and what is committed by then is seen in the producer.
 */
class TransactionsPipelineTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Topics TOPICS = Topics.DEFAULT;
  private static final TopicPartition P0 = new TopicPartition(TOPICS.transactions(), 0);
  private static final String TOPIC_ID = "id-1";
  private static final String ANN = "ann";
  private static final long NOW_MS = Instant.parse("2026-03-01T12:00:00Z").toEpochMilli();
  private static final long BALANCE_MINOR = 10_000;
  private static final int QUEUED_POLLS_MAX = 16;

  private static final StreamsConfig CONFIG =
      StreamsConfig.from(
          ConfigFactory.parseString(
                  """
                  spendwatch.node-id = test
                  spendwatch.pipeline {
                    publishers = 1
                    tick = 20 ms
                    offset-commit-interval = 10 ms
                    ahead-patience = 1 s
                    retry { min = 10 ms, max = 20 ms }
                  }
                  """)
              .withFallback(ConfigFactory.defaultReference())
              .resolve());

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));
  private final Timekeeper time =
      Timekeeper.real(InstantSource.fixed(Instant.ofEpochMilli(NOW_MS)));
  private final SimulatedPostgres postgres = new SimulatedPostgres(() -> NOW_MS, _ -> {});
  private final ScriptedServer server = new ScriptedServer(postgres);
  private final MockProducer<byte[], byte[]> producer =
      new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
  private final List<Life> lives = new ArrayList<>();
  private final CountedMetrics metrics = new CountedMetrics();
  private Publishers publishers;
  private TransactionsPipeline.Dependencies with;

  @BeforeEach
  void begin() {
    postgres.adoptLayout(1);
    postgres.putAccount(ANN, "EUR", BALANCE_MINOR, NOW_MS - Duration.ofDays(3).toMillis());
    publishers =
        new Publishers(
            _ -> producer,
            topics -> {
              Map<String, String> ids = new ConcurrentHashMap<>();
              topics.forEach(topic -> ids.put(topic, TOPIC_ID));
              return CompletableFuture.completedFuture(ids);
            },
            Set.of(TOPICS.alerts(), TOPICS.transactionsDeadLetters()),
            CONFIG.pipeline().publish(),
            metrics,
            time);
    publishers.inGroup(new MockConsumer<byte[], byte[]>("earliest").groupMetadata());
    publishers.start();
    var unreadable = new UnreadableRows();
    PartitionActors actors =
        new PartitionActors(
            kit.system(),
            new PartitionDependencies(
                TOPICS.transactions(),
                1_000,
                Long.MAX_VALUE,
                1_000,
                10_000,
                1_000,
                8,
                8,
                0,
                new PgAccounts(server, unreadable),
                new PgHistory(server, unreadable)));
    Layouts layouts = new Layouts(server);
    PipelineConfig config = CONFIG.pipeline();
    var ledger = new Ledger(server, server, 2, config.writeRowsMax(), unreadable, time);
    var watch =
        new LayoutWatch(TOPICS.transactions(), new OnePartition(), layouts, LIMIT, time, () -> {});
    with =
        new TransactionsPipeline.Dependencies(
            config,
            TOPICS,
            new PartitionStarts("test", new Sources(server), publishers, config.retry(), time),
            actors,
            new ExposureAssessor(kit.system(), config, time),
            ledger,
            new PartitionClaims("test", ledger, layouts, watch),
            CONFIG.kafka().partitioner(),
            watch,
            publishers,
            () -> true,
            time);
  }

  @AfterEach
  void end() {
    lives.forEach(life -> life.pipelineLife.end("the test is over"));
    server.release();
    assertThat(publishers.close()).succeedsWithin(LIMIT);
    kit.shutdownTestKit();
  }

  @Test
  void showsAnAlertOnlyOnceItsRowIsDurable() {
    Life life = begin(empty());
    server.hold();
    life.offer(List.of(purchase(0, "t0", 6_000), purchase(1, "t1", 6_000)));
    server.awaitHeld();
    // Its records are on their way, until the patience with the row is over.
    await().atMost(LIMIT).until(() -> producer.transactionInFlight());
    await().atMost(LIMIT).until(() -> !producer.transactionInFlight());
    assertThat(committed()).isEmpty();
    assertThat(producer.commitCount()).isEqualTo(life.commitsAtBegin);
    server.release();
    awaitOffset(2);
    assertThat(committed()).containsExactly("RAISED t1");
    assertThat(postgres.transactions()).hasSize(2);
  }

  @Test
  void committedOffsetCarriesThePlaceOfTheLastAlert() {
    Life life = begin(empty());
    life.offer(List.of(purchase(0, "t0", 12_000)));
    awaitOffset(1);
    assertThat(offset()).isEqualTo(new OffsetAndMetadata(1, OffsetNote.of(1)));
  }

  @Test
  void aLaterEpochEndsItAndNothingOfItIsSeen() {
    Life life = begin(empty());
    server.hold();
    life.offer(List.of(purchase(0, "t0", 12_000)));
    server.awaitHeld();
    assertThat(with.ledger().claim(0, "another node", NOW_MS)).succeedsWithin(LIMIT);
    server.release();
    await().atMost(LIMIT).until(() -> !life.pipelineLife.isLive());
    assertThat(life.pipelineLife.ended())
        .isCompletedWithValueMatching(why -> why.contains("epoch"));
    assertThat(committed()).isEmpty();
    assertThat(postgres.transactions()).isEmpty();
    assertThat(postgres.alerts()).isEmpty();
    assertThat(producer.transactionInFlight()).isFalse();
  }

  @Test
  void publishesWhatAnEarlierLifeLeftBeforeItReadsOn() {
    Life first = begin(empty());
    // It ends between the row's commit and the alert's.
    producer.sendOffsetsToTransactionException = new CommitFailedException("stale generation");
    first.offer(List.of(purchase(0, "t0", 12_000)));
    await().atMost(LIMIT).until(() -> !postgres.alerts().isEmpty());
    first.pipelineLife.end("killed");
    producer.sendOffsetsToTransactionException = null;
    await().atMost(LIMIT).until(() -> !publishers.isBusyWith(P0));
    assertThat(committed()).isEmpty();
    Life second = begin(new SourceState(TOPIC_ID, 0, 1, OptionalLong.of(0), OptionalLong.of(0)));
    assertThat(committed()).containsExactly("RAISED t0");
    // The record is read again; its row and its alert are there.
    second.offer(List.of(purchase(0, "t0", 12_000), purchase(1, "t1", 100)));
    awaitOffset(2);
    assertThat(committed()).containsExactly("RAISED t0");
    assertThat(postgres.transactions()).hasSize(2);
  }

  @Test
  void triesAWriteAgainThatDidNotTakeEffectAndOneWhoseAnswerWasLost() {
    Life life = begin(empty());
    server.failures.set(2);
    life.offer(List.of(purchase(0, "t0", 12_000)));
    awaitOffset(1);
    server.lostAnswers.set(1);
    life.offer(List.of(refund(1, "t1", 5_000)));
    awaitOffset(2);
    assertThat(life.pipelineLife.isLive()).isTrue();
    assertThat(postgres.transactions()).hasSize(2);
    assertThat(committed()).containsExactly("RAISED t0", "CLEARED t1");
  }

  @Test
  void aRowThatTheTableRefusesEndsItAndNamesTheRecords() {
    postgres.refuse("t1");
    Life life = begin(empty());
    life.offer(List.of(purchase(0, "t0", 100), purchase(1, "t1", 12_000)));
    await().atMost(LIMIT).until(() -> !life.pipelineLife.isLive());
    assertThat(life.pipelineLife.defect())
        .hasValueSatisfying(
            defect -> {
              assertThat(defect.firstOffset()).isZero();
              assertThat(defect.nextOffset()).isEqualTo(2);
            });
    assertThat(committed()).isEmpty();
  }

  @Test
  void repeatsMoveTheOffsetAndNothingElse() {
    Life life = begin(empty());
    life.offer(List.of(purchase(0, "t0", 12_000)));
    awaitOffset(1);
    life.offer(List.of(purchase(1, "t0", 12_000), purchase(2, "t0", 12_000)));
    awaitOffset(3);
    assertThat(postgres.transactions()).hasSize(1);
    assertThat(committed()).containsExactly("RAISED t0");
    await().atMost(LIMIT).until(() -> life.progress.status().duplicates() == 2);
  }

  @Test
  void aRecordThatCannotBeReadGoesToTheDeadLettersWithTheOffset() {
    Life life = begin(empty());
    life.offer(List.of(record(0, ANN, "no JSON".getBytes(UTF_8)), purchase(1, "t1", 100)));
    awaitOffset(2);
    assertThat(sent(TOPICS.transactionsDeadLetters())).hasSize(1);
    assertThat(postgres.transactions()).hasSize(1);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(metrics.counts())
                    .containsEntry("dead letters " + TOPICS.transactions() + " of " + ANN, 1L));
  }

  @Test
  void notesWhatIsPublishedAlthoughNothingComesAfterIt() {
    Life life = begin(empty());
    life.offer(List.of(purchase(0, "t0", 12_000)));
    awaitOffset(1);
    await()
        .atMost(LIMIT)
        .until(
            () -> {
              synchronized (postgres) {
                SimulatedPipelines.Pipeline noted = postgres.pipelines().get(0);
                return noted.publishedAlertSeq() == 1
                    && noted.publishedOffset() != null
                    && noted.publishedOffset() == 1;
              }
            });
  }

  /** A life that runs. */
  private static final class Life {
    private final PartitionProgress progress;
    private final PipelineLife pipelineLife;
    private final PartitionPipeline pipeline;
    private long commitsAtBegin;

    Life(ActorTestKit kit, PartitionProgress progress) {
      this.progress = progress;
      this.pipelineLife = new PipelineLife(P0, progress);
      this.pipeline = new PartitionPipeline(kit.system(), pipelineLife, QUEUED_POLLS_MAX, () -> {});
    }

    void offer(List<ConsumerRecord<byte[], byte[]>> records) {
      pipeline.offer(records);
    }
  }

  private Life begin(SourceState kafka) {
    Life life = new Life(kit, new PartitionProgress(P0, metrics, NOW_MS));
    lives.add(life);
    life.pipeline.start(
        (pipelineLife, state, suspects) ->
            TransactionsPipeline.begin(with, pipelineLife, state, suspects),
        kafka,
        Suspects.none(CONFIG.pipeline().poisonTries()));
    await().atMost(LIMIT).until(life.pipeline::isRunning);
    life.commitsAtBegin = producer.commitCount();
    return life;
  }

  /** A topic that nobody has read yet. */
  private static SourceState empty() {
    return new SourceState(TOPIC_ID, 0, 0, OptionalLong.empty(), OptionalLong.empty());
  }

  private void awaitOffset(long offset) {
    await("offset " + offset)
        .atMost(LIMIT)
        .until(() -> offset() != null && offset().offset() == offset);
  }

  /** The committed one; null before any. */
  private OffsetAndMetadata offset() {
    synchronized (producer) {
      List<Map<String, Map<TopicPartition, OffsetAndMetadata>>> history =
          producer.consumerGroupOffsetsHistory();
      return history.isEmpty() ? null : history.getLast().values().iterator().next().get(P0);
    }
  }

  /** Alerts that subscribers see. */
  private List<String> committed() {
    return sent(TOPICS.alerts()).stream()
        .map(record -> AlertCodec.decode(record.value()))
        .map(alert -> alert.type() + " " + alert.transactionId())
        .toList();
  }

  private List<ProducerRecord<byte[], byte[]>> sent(String topic) {
    synchronized (producer) {
      return producer.history().stream().filter(record -> record.topic().equals(topic)).toList();
    }
  }

  private static ConsumerRecord<byte[], byte[]> purchase(long offset, String id, long minor) {
    return transaction(offset, id, minor, TransactionKind.PURCHASE);
  }

  private static ConsumerRecord<byte[], byte[]> refund(long offset, String id, long minor) {
    return transaction(offset, id, minor, TransactionKind.REFUND);
  }

  private static ConsumerRecord<byte[], byte[]> transaction(
      long offset, String id, long minor, TransactionKind kind) {
    long eventTimeMs = NOW_MS - Duration.ofHours(1).toMillis() + offset;
    return record(
        offset,
        ANN,
        TransactionCodec.encode(
            new Transaction(id, ANN, minor, "EUR", eventTimeMs, kind, null, null)));
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset, String key, byte[] value) {
    return new ConsumerRecord<>(
        P0.topic(),
        P0.partition(),
        offset,
        NOW_MS,
        TimestampType.CREATE_TIME,
        key.length(),
        value.length,
        key.getBytes(UTF_8),
        value,
        new RecordHeaders(),
        Optional.empty());
  }

  private static final class OnePartition implements TransactionsTopic {
    @Override
    public CompletionStage<Integer> partitions() {
      return CompletableFuture.completedFuture(1);
    }

    @Override
    public CompletionStage<List<Long>> ends(int partitions) {
      return CompletableFuture.completedFuture(List.of(0L));
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
