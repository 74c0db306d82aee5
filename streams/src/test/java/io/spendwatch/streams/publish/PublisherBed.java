package io.spendwatch.streams.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.life.CountedMetrics;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PipelineLife;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.pekko.Done;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A publisher of two partitions, whose producers are as strict as real ones are. */
abstract class PublisherBed {
  static final Duration LIMIT = Duration.ofSeconds(10);
  static final TopicPartition P0 = new TopicPartition("transactions", 0);
  static final TopicPartition P1 = new TopicPartition("transactions", 1);
  static final int VALUE_BYTES_MAX = 100;
  static final Duration AHEAD_PATIENCE = Duration.ofMillis(200);
  static final ConsumerGroupMetadata GROUP =
      new MockConsumer<byte[], byte[]>("earliest").groupMetadata();

  final List<MockProducer<byte[], byte[]>> producers =
      Collections.synchronizedList(new ArrayList<>());
  final Map<String, String> topics =
      new ConcurrentHashMap<>(Map.of("alerts", "id 1", "dead", "id 2"));
  final Set<String> stuck = ConcurrentHashMap.newKeySet();
  final Set<String> refused = ConcurrentHashMap.newKeySet();
  final PipelineLife first = life(P0);
  final PipelineLife second = life(P1);
  RuntimeException brokenOffsets;
  Publisher publisher;

  @BeforeEach
  void start() {
    publisher = publisher(Duration.ofMillis(20));
  }

  @AfterEach
  void stop() {
    assertThat(publisher.close()).succeedsWithin(LIMIT);
  }

  static Optional<String> waitingFor(PipelineLife life) {
    return life.progress().status().waitingFor();
  }

  /** Refuses what is too large as the real one does: the callback first, then the commit. */
  private final class StrictProducer extends MockProducer<byte[], byte[]> {
    StrictProducer() {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, Callback callback) {
      if (stuck.contains(record.topic())) {
        return new CompletableFuture<>();
      }
      ApiException refusal = refusalOf(record);
      if (refusal == null) {
        return super.send(record, callback);
      }
      callback.onCompletion(null, refusal);
      commitTransactionException = new KafkaException("in an error state", refusal);
      return CompletableFuture.failedFuture(refusal);
    }

    private ApiException refusalOf(ProducerRecord<byte[], byte[]> record) {
      if (refused.contains(record.topic())) {
        return new TopicAuthorizationException("no right to write");
      }
      return record.value() != null && record.value().length > VALUE_BYTES_MAX
          ? new RecordTooLargeException("too large")
          : null;
    }

    @Override
    public void abortTransaction() {
      commitTransactionException = null;
      super.abortTransaction();
    }
  }

  Publisher publisher(Duration commitInterval) {
    Timekeeper time = Timekeeper.real(InstantSource.system());
    Publisher fresh =
        new Publisher(
            "publisher",
            () -> {
              MockProducer<byte[], byte[]> producer = new StrictProducer();
              producer.sendOffsetsToTransactionException = brokenOffsets;
              producers.add(producer);
              return producer;
            },
            new TopicWatch(
                _ -> CompletableFuture.completedFuture(Map.copyOf(topics)),
                Set.copyOf(topics.keySet()),
                Publisher.TOPICS_LOOK,
                time,
                () -> {}),
            new PublishConfig(
                1,
                commitInterval,
                Duration.ofMillis(50),
                AHEAD_PATIENCE,
                new BackOff(Duration.ofMillis(1), Duration.ofMillis(10))),
            new CountedMetrics(),
            time);
    fresh.inGroup(GROUP);
    return fresh;
  }

  /** The first producer, ready. */
  MockProducer<byte[], byte[]> producer() {
    await()
        .atMost(LIMIT)
        .until(() -> !producers.isEmpty() && producers.getFirst().transactionInitialized());
    return producers.getFirst();
  }

  CompletionStage<Done> publish(PipelineLife life, long nextOffset, String... values) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (String value : values) {
      records.add(alert(value));
    }
    return publisher.publish(life, nextOffset, "note", records, false);
  }

  static ProducerRecord<byte[], byte[]> alert(String value) {
    return new ProducerRecord<>("alerts", value.getBytes(UTF_8));
  }

  List<OffsetAndMetadata> offsets() {
    return producers.getFirst().consumerGroupOffsetsHistory().stream()
        .map(groups -> groups.get(GROUP.groupId()).get(P0))
        .toList();
  }

  static List<String> values(MockProducer<byte[], byte[]> producer) {
    return producer.history().stream().map(record -> new String(record.value(), UTF_8)).toList();
  }

  static PipelineLife life(TopicPartition source) {
    return new PipelineLife(source, new PartitionProgress(source, new CountedMetrics(), 0));
  }
}
