package io.spendwatch.ops.deadletters;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads stretches of topics, only what is committed, without a consumer group. Blocks for Kafka's
 * answers; for one thread. Every method throws {@link OperatorException} where Kafka does not
 * answer.
 */
final class LetterLog implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(200);
  private static final int FETCH_BYTES_MAX = 8 << 20;

  private final KafkaConfig config;
  private final KafkaConsumer<byte[], byte[]> consumer;

  /**
   * A stretch of a partition.
   *
   * @param from its first offset
   * @param to the offset after its last one
   */
  record Stretch(long from, long to) {}

  private LetterLog(KafkaConfig config, KafkaConsumer<byte[], byte[]> consumer) {
    this.config = config;
    this.consumer = consumer;
  }

  /** Connects when first asked. To be closed by whoever opened it. */
  static LetterLog open(KafkaConfig config) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(
        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis()));
    properties.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES_MAX);
    properties.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, Math.toIntExact(POLL.toMillis()));
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.putAll(config.clientProperties());
    properties.put(ConsumerConfig.CLIENT_ID_CONFIG, config.nodeId() + "-dead-letters");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    try {
      return new LetterLog(config, new KafkaConsumer<>(properties));
    } catch (KafkaException e) {
      throw failure(config, e);
    }
  }

  /** All of a topic, in order. */
  List<TopicPartition> partitions(String topic) {
    List<PartitionInfo> infos = answer(() -> consumer.partitionsFor(topic));
    if (infos == null || infos.isEmpty()) {
      throw new OperatorException(
          "Kafka at "
              + config.bootstrapServers()
              + " has no topic "
              + topic
              + ": `spendwatch migrate` makes it");
    }
    return infos.stream()
        .map(info -> new TopicPartition(topic, info.partition()))
        .sorted((one, other) -> Integer.compare(one.partition(), other.partition()))
        .toList();
  }

  /**
   * What is there now, of each of these.
   *
   * @param from what was written before this instant is left out; null for none of it
   * @param to what was written at it or later is left out, as far as the times of records grow with
   *     their offsets; null for none of it
   */
  Map<TopicPartition, Stretch> stretches(
      Collection<TopicPartition> partitions, Instant from, Instant to) {
    return answer(
        () -> {
          Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
          Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
          Map<TopicPartition, Long> first = offsets(partitions, from, ends);
          Map<TopicPartition, Long> last = offsets(partitions, to, ends);
          Map<TopicPartition, Stretch> stretches = new HashMap<>();
          for (TopicPartition partition : partitions) {
            long begin = from == null ? begins.get(partition) : first.get(partition);
            stretches.put(
                partition,
                new Stretch(
                    Math.max(begin, begins.get(partition)),
                    Math.min(last.get(partition), ends.get(partition))));
          }
          return stretches;
        });
  }

  /** The first offset that is not before the instant; the end where there is none. */
  private Map<TopicPartition, Long> offsets(
      Collection<TopicPartition> partitions, Instant at, Map<TopicPartition, Long> ends) {
    if (at == null) {
      return ends;
    }
    long ms = Math.max(0, at.toEpochMilli());
    Map<TopicPartition, Long> offsets = new HashMap<>();
    consumer
        .offsetsForTimes(
            partitions.stream().collect(Collectors.toMap(partition -> partition, _ -> ms)))
        .forEach(
            (partition, found) ->
                offsets.put(partition, found == null ? ends.get(partition) : found.offset()));
    return offsets;
  }

  /** The records of these stretches, those of a partition in the order of their offsets. */
  void read(Map<TopicPartition, Stretch> stretches, Consumer<ConsumerRecord<byte[], byte[]>> each) {
    Map<TopicPartition, Stretch> left = new HashMap<>(stretches);
    left.values().removeIf(stretch -> stretch.from() >= stretch.to());
    consumer.assign(left.keySet());
    consumer.resume(left.keySet());
    left.forEach((partition, stretch) -> consumer.seek(partition, stretch.from()));
    long sinceNanos = System.nanoTime();
    while (!left.isEmpty()) {
      long before = reached(left.keySet());
      for (ConsumerRecord<byte[], byte[]> record : answer(() -> consumer.poll(POLL))) {
        Stretch stretch = left.get(new TopicPartition(record.topic(), record.partition()));
        if (stretch != null && record.offset() < stretch.to()) {
          each.accept(record);
        }
      }
      if (reached(left.keySet()) != before) {
        sinceNanos = System.nanoTime();
      } else if (System.nanoTime() - sinceNanos > patience().toNanos()) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "Kafka at %s has let nobody read %s on for %d s: it is away, or a transaction stays"
                    + " open there",
                config.bootstrapServers(),
                left.keySet().iterator().next(),
                patience().toSeconds()));
      }
      List<TopicPartition> done = new ArrayList<>();
      left.forEach(
          (partition, stretch) -> {
            if (position(partition) >= stretch.to()) {
              done.add(partition);
            }
          });
      left.keySet().removeAll(done);
      consumer.pause(done);
    }
  }

  private Duration patience() {
    return config.transactionTimeout().plus(ANSWER);
  }

  private long reached(Collection<TopicPartition> partitions) {
    return partitions.stream().mapToLong(this::position).sum();
  }

  private long position(TopicPartition partition) {
    return answer(() -> consumer.position(partition));
  }

  /** The record at this place; empty where there is none, or not any more. */
  Optional<ConsumerRecord<byte[], byte[]>> at(LetterPlace place) {
    if (partitions(place.topic()).size() <= place.partition()) {
      return Optional.empty();
    }
    TopicPartition partition = new TopicPartition(place.topic(), place.partition());
    Stretch there = stretches(List.of(partition), null, null).get(partition);
    if (place.offset() < there.from() || place.offset() >= there.to()) {
      return Optional.empty();
    }
    List<ConsumerRecord<byte[], byte[]>> found = new ArrayList<>(1);
    read(
        Map.of(partition, new Stretch(place.offset(), place.offset() + 1)),
        record -> {
          if (record.offset() == place.offset()) {
            found.add(record);
          }
        });
    return found.stream().findFirst();
  }

  /**
   * Where a partition ends, with what open transactions have written: reading up to here waits for
   * their ends.
   */
  long writtenEnd(Admin admin, TopicPartition partition) {
    try {
      return admin
          .listOffsets(
              Map.of(partition, OffsetSpec.latest()),
              new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
          .partitionResult(partition)
          .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
          .offset();
    } catch (ExecutionException | TimeoutException e) {
      throw failure(config, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  private <T> T answer(Supplier<T> question) {
    try {
      return question.get();
    } catch (InterruptException e) {
      throw new OperatorException("interrupted", e);
    } catch (KafkaException e) {
      throw failure(config, e);
    }
  }

  static OperatorException failure(KafkaConfig config, Exception e) {
    Throwable root = Retry.root(e);
    String what = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    return new OperatorException("Kafka at " + config.bootstrapServers() + ": " + what, e);
  }

  @Override
  public void close() {
    consumer.close();
  }
}
