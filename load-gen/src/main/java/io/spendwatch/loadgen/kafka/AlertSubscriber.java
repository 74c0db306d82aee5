package io.spendwatch.loadgen.kafka;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.protocol.AlertCodec;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Tells an {@link AlertCheck} of the alerts that come, as a subscriber sees them: only what is
 * committed, without a consumer group, on a thread of its own.
 */
public final class AlertSubscriber implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration CLOSE = Duration.ofSeconds(5);

  private final Consumer<byte[], byte[]> consumer;
  private final List<TopicPartition> partitions;
  private final AlertCheck check;
  private final Thread thread;
  private volatile Map<TopicPartition, Long> positions;
  private volatile RuntimeException failure;
  private volatile boolean closing;

  private AlertSubscriber(
      Consumer<byte[], byte[]> consumer, Map<TopicPartition, Long> from, AlertCheck check) {
    this.consumer = consumer;
    this.partitions = List.copyOf(from.keySet());
    this.check = check;
    this.positions = Map.copyOf(from);
    this.thread = Thread.ofPlatform().name("alert-subscriber").daemon().unstarted(this::follow);
  }

  /**
   * Begins to follow.
   *
   * @param properties of a Kafka client
   * @param from the offset to begin with, for each partition
   * @throws KafkaException if the properties are not good
   */
  static AlertSubscriber start(
      Map<String, Object> properties, Map<TopicPartition, Long> from, AlertCheck check) {
    Map<String, Object> own = new HashMap<>(properties);
    own.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    own.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    // What was there when it began and is no more would be missed without a word.
    own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    Consumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(own, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    consumer.assign(from.keySet());
    from.forEach(consumer::seek);
    var subscriber = new AlertSubscriber(consumer, from, check);
    subscriber.thread.start();
    return subscriber;
  }

  /** The partitions that it reads. */
  List<TopicPartition> partitions() {
    return partitions;
  }

  /**
   * How many offsets it has not read.
   *
   * @throws OperatorException if it cannot go on
   */
  long behind(Map<TopicPartition, Long> ends) {
    if (failure != null) {
      throw new OperatorException(
          "the alert topic cannot be read: " + failure.getMessage(), failure);
    }
    Map<TopicPartition, Long> read = positions;
    return ends.entrySet().stream()
        .mapToLong(end -> Math.max(0, end.getValue() - read.get(end.getKey())))
        .sum();
  }

  private void follow() {
    try (consumer) {
      while (!closing) {
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        long readableNanos = System.nanoTime();
        for (ConsumerRecord<byte[], byte[]> each : records) {
          check.seen(AlertCodec.decode(each.value()), readableNanos);
        }
        Map<TopicPartition, Long> read = new HashMap<>();
        partitions.forEach(partition -> read.put(partition, consumer.position(partition)));
        positions = read;
      }
    } catch (WakeupException e) {
      // It is being closed.
    } catch (RuntimeException e) {
      failure = e;
    }
  }

  @Override
  public void close() {
    closing = true;
    consumer.wakeup();
    try {
      thread.join(CLOSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
