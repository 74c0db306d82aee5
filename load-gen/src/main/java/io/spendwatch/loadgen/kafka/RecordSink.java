package io.spendwatch.loadgen.kafka;

import io.spendwatch.errors.OperatorException;

/** Where records go; keeps the order of those with the same topic and key. For one thread. */
public interface RecordSink {

  /**
   * Hands one record over; it may still be on its way when this returns.
   *
   * @param key the user's id, UTF-8
   * @throws OperatorException if this record or one before it cannot be delivered
   */
  void send(String topic, byte[] key, byte[] value);

  /**
   * Returns when all records are durable.
   *
   * @throws OperatorException if one cannot be delivered
   */
  void flush();
}
