package io.spendwatch.ops.alerts;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.streams.base.Retry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Follows the alert topic: only what is committed, each alert once, without a consumer group. For
 * one thread.
 */
public final class AlertTail implements AutoCloseable {
  private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(10);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final List<TopicPartition> partitions;

  private AlertTail(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
    this.consumer = consumer;
    this.partitions = partitions;
  }

  /** An alert, the record's value as it stands there, and where. */
  public record Received(Alert alert, String json, int partition, long offset) {}

  /**
   * Begins to follow. Blocks until Kafka has said where the topic begins or ends.
   *
   * @param client properties for any Kafka client
   * @param fromBeginning else only what comes from now on
   * @throws OperatorException if Kafka does not answer or has no such topic
   */
  public static AlertTail open(Map<String, Object> client, String topic, boolean fromBeginning) {
    return open(client, topic, fromBeginning ? AlertTail::toBeginning : AlertTail::toEnd);
  }

  /**
   * Begins to follow with the first alert that was published at that instant or later, by the
   * records' timestamps. Blocks as {@link #open(Map, String, boolean)}.
   *
   * @throws OperatorException as there
   */
  public static AlertTail openSince(Map<String, Object> client, String topic, Instant since) {
    return open(client, topic, tail -> tail.toInstant(since));
  }

  private static AlertTail open(
      Map<String, Object> client, String topic, Consumer<AlertTail> begin) {
    AlertTail tail = open(client, topic);
    try {
      begin.accept(tail);
      // Seeking waits for the first poll; an alert that comes before it would be missed.
      tail.partitions.forEach(tail.consumer::position);
      return tail;
    } catch (TimeoutException e) {
      tail.close();
      throw noAnswer(client, e);
    } catch (RuntimeException e) {
      tail.close();
      throw e;
    }
  }

  /**
   * Likewise, with nowhere to begin yet: see {@link #seek}.
   *
   * @throws OperatorException if Kafka does not answer or has no such topic
   */
  public static AlertTail open(Map<String, Object> client, String topic) {
    String kafka = "Kafka at " + client.get(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG);
    KafkaConsumer<byte[], byte[]> consumer;
    try {
      consumer = new KafkaConsumer<>(properties(client));
    } catch (KafkaException e) {
      throw new OperatorException(kafka + ": " + Retry.root(e).getMessage(), e);
    }
    try {
      return new AlertTail(consumer, assign(consumer, topic, kafka));
    } catch (TimeoutException e) {
      consumer.close();
      throw noAnswer(client, e);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  private static OperatorException noAnswer(Map<String, Object> client, TimeoutException e) {
    return new OperatorException(
        "Kafka at "
            + client.get(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG)
            + " does not answer after "
            + properties(client).get(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG)
            + " ms (spendwatch.kafka.properties: default.api.timeout.ms)",
        e);
  }

  /**
   * What has come, waiting for it for a while.
   *
   * @throws AlertCodec.AlertFormatException if somebody else writes to the topic
   */
  public List<Received> poll(Duration atMost) {
    return poll(
        atMost,
        foreign -> {
          throw foreign;
        });
  }

  /**
   * Likewise.
   *
   * @param foreign is told of each record that is no alert, and is passed over
   */
  public List<Received> poll(Duration atMost, Consumer<AlertCodec.AlertFormatException> foreign) {
    List<Received> received = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(atMost)) {
      try {
        received.add(
            new Received(
                AlertCodec.decode(record.value()),
                new String(record.value(), StandardCharsets.UTF_8),
                record.partition(),
                record.offset()));
      } catch (AlertCodec.AlertFormatException e) {
        foreign.accept(e);
      }
    }
    return received;
  }

  /** How many partitions the topic has, as the client knows by now. Cheap. */
  public int partitions() {
    return consumer.partitionsFor(partitions.getFirst().topic()).size();
  }

  /** Offsets of the oldest records that are kept, by partition. Blocks until Kafka answers. */
  public long[] beginnings() {
    return inOrder(consumer.beginningOffsets(partitions));
  }

  /** Offsets behind the last records that are committed, by partition. Blocks likewise. */
  public long[] ends() {
    return inOrder(consumer.endOffsets(partitions));
  }

  /** Goes on from these offsets, by partition; 0 for those that are not named. */
  public void seek(long[] next) {
    for (int i = 0; i < partitions.size(); i++) {
      consumer.seek(partitions.get(i), i < next.length ? next[i] : 0);
    }
  }

  /** Offsets of the records that come next, by partition. Cheap after {@link #seek}. */
  public long[] places() {
    return partitions.stream().mapToLong(consumer::position).toArray();
  }

  private long[] inOrder(Map<TopicPartition, Long> offsets) {
    return partitions.stream().mapToLong(offsets::get).toArray();
  }

  @Override
  public void close() {
    consumer.close();
  }

  private static List<TopicPartition> assign(
      KafkaConsumer<byte[], byte[]> consumer, String topic, String kafka) {
    List<PartitionInfo> infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT, "%s has no topic %s: `spendwatch migrate` makes it", kafka, topic));
    }
    List<TopicPartition> partitions =
        infos.stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .sorted(Comparator.comparingInt(TopicPartition::partition))
            .toList();
    consumer.assign(partitions);
    return partitions;
  }

  private void toBeginning() {
    consumer.seekToBeginning(partitions);
  }

  private void toEnd() {
    consumer.seekToEnd(partitions);
  }

  private void toInstant(Instant since) {
    Map<TopicPartition, Long> wanted = new HashMap<>();
    partitions.forEach(partition -> wanted.put(partition, since.toEpochMilli()));
    consumer
        .offsetsForTimes(wanted)
        .forEach(
            (partition, found) -> {
              if (found == null) {
                consumer.seekToEnd(List.of(partition));
              } else {
                consumer.seek(partition, found.offset());
              }
            });
  }

  private static Map<String, Object> properties(Map<String, Object> client) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(
        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER_TIMEOUT.toMillis()));
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.putAll(client);
    properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    return properties;
  }
}
