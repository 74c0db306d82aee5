package io.spendwatch.streams.kafka;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;

/**
 * Told of the clients that read and publish, which have metrics of their own. Must not block or
 * throw, nor use a client but for {@code metrics()}. Called by the thread that opens one.
 */
public interface ClientMetrics {

  /** The node reads by this one, and by no earlier one any more. */
  void opened(Consumer<byte[], byte[]> consumer);

  /**
   * The node publishes by this one, and by no earlier one of this number any more.
   *
   * @param number from 0
   */
  void opened(int number, Producer<byte[], byte[]> producer);
}
