package io.spendwatch.ops.alerts;

import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.streams.base.Retry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

  private AlertTail(KafkaConsumer<byte[], byte[]> consumer) {
    this.consumer = consumer;
  }

  /** An alert, and the record's value as it stands there. */
  public record Received(Alert alert, String json) {}

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
    return open(client, topic, (consumer, partitions) -> toInstant(consumer, partitions, since));
  }

  /** Where to begin. */
  private interface Begin {
    void seek(KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions);
  }

  private static void toBeginning(
      KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
    consumer.seekToBeginning(partitions);
  }

  private static void toEnd(
      KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
    consumer.seekToEnd(partitions);
  }

  private static void toInstant(
      KafkaConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions, Instant since) {
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

  private static AlertTail open(Map<String, Object> client, String topic, Begin begin) {
    String kafka = "Kafka at " + client.get(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG);
    KafkaConsumer<byte[], byte[]> consumer;
    try {
      consumer = new KafkaConsumer<>(properties(client));
    } catch (KafkaException e) {
      throw new OperatorException(kafka + ": " + Retry.root(e).getMessage(), e);
    }
    try {
      assign(consumer, topic, begin, kafka);
      return new AlertTail(consumer);
    } catch (TimeoutException e) {
      consumer.close();
      throw new OperatorException(
          kafka
              + " does not answer after "
              + properties(client).get(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG)
              + " ms (spendwatch.kafka.properties: default.api.timeout.ms)",
          e);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  /**
   * What has come, waiting for it for a while.
   *
   * @throws AlertCodec.AlertFormatException if somebody else writes to the topic
   */
  public List<Received> poll(Duration atMost) {
    List<Received> received = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(atMost)) {
      received.add(
          new Received(
              AlertCodec.decode(record.value()),
              new String(record.value(), StandardCharsets.UTF_8)));
    }
    return received;
  }

  @Override
  public void close() {
    consumer.close();
  }

  private static void assign(
      KafkaConsumer<byte[], byte[]> consumer, String topic, Begin begin, String kafka) {
    List<PartitionInfo> infos = consumer.partitionsFor(topic);
    if (infos == null || infos.isEmpty()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT, "%s has no topic %s: `spendwatch migrate` makes it", kafka, topic));
    }
    List<TopicPartition> partitions =
        infos.stream().map(info -> new TopicPartition(topic, info.partition())).toList();
    consumer.assign(partitions);
    begin.seek(consumer, partitions);
    // Seeking waits for the first poll; an alert that comes before it would be missed.
    partitions.forEach(consumer::position);
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
