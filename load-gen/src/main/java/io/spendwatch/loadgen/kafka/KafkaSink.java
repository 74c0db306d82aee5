package io.spendwatch.loadgen.kafka;

import io.spendwatch.errors.OperatorException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Produces to Kafka. The first failure ends it: nothing is sent after a record that was lost. */
public final class KafkaSink implements RecordSink, AutoCloseable {

  private final Producer<byte[], byte[]> producer;
  private final String servers;
  private final AtomicReference<Exception> firstFailure = new AtomicReference<>();
  private final Callback delivered = this::delivered;

  /** Written by the producer's thread. */
  private final Map<TopicPartition, Long> ends = new ConcurrentHashMap<>();

  /**
   * Starts a producer; it connects with the first record.
   *
   * @throws KafkaException if the properties are not good
   */
  KafkaSink(Map<String, Object> properties, String servers) {
    this.producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    this.servers = servers;
  }

  @Override
  public void send(String topic, byte[] key, byte[] value) {
    failIfAnyFailed();
    try {
      var _ = producer.send(new ProducerRecord<>(topic, key, value), delivered);
    } catch (KafkaException e) {
      throw failure(e);
    }
  }

  private void delivered(RecordMetadata metadata, Exception exception) {
    if (exception == null) {
      ends.merge(
          new TopicPartition(metadata.topic(), metadata.partition()),
          metadata.offset() + 1,
          Math::max);
    } else {
      firstFailure.compareAndSet(null, exception);
    }
  }

  @Override
  public void flush() {
    try {
      producer.flush();
    } catch (InterruptException e) {
      throw failure(e);
    }
    failIfAnyFailed();
  }

  /** The offset after the last record that was sent to each partition; complete after a flush. */
  public Map<TopicPartition, Long> ends() {
    return Map.copyOf(ends);
  }

  private void failIfAnyFailed() {
    Exception failure = firstFailure.get();
    if (failure != null) {
      throw failure(failure);
    }
  }

  private OperatorException failure(Exception e) {
    return new OperatorException(
        "Kafka at " + servers + " did not take a record: " + e.getMessage(), e);
  }

  /** Leaves behind what is not yet delivered: whoever needs it has flushed. */
  @Override
  public void close() {
    producer.close(Duration.ZERO);
  }
}
