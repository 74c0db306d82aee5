package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/** Where a user's records are. Stateless and safe for use by many threads. */
public final class Partitions {
  private Partitions() {}

  /**
   * The partition that a Kafka producer without a partitioner of its own gives to the key {@code
   * userId}, as UTF-8.
   *
   * @param partitions how many the topic has, at least 1
   * @return 0 ≤ partition &lt; partitions
   */
  public static int partitionOf(String userId, int partitions) {
    return BuiltInPartitioner.partitionForKey(userId.getBytes(UTF_8), partitions);
  }
}
