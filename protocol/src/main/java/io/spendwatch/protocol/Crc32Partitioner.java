package io.spendwatch.protocol;

import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.common.Cluster;

/**
 * For producers of kafka-clients: puts a record where a producer on librdkafka, as it comes, would
 * put it. A record without a key goes anywhere. Safe for use by many threads.
 */
public final class Crc32Partitioner implements Partitioner {

  @Override
  public int partition(
      String topic, Object key, byte[] keyBytes, Object value, byte[] valueBytes, Cluster cluster) {
    int partitions = cluster.partitionsForTopic(topic).size();
    return keyBytes == null || keyBytes.length == 0
        ? ThreadLocalRandom.current().nextInt(partitions)
        : io.spendwatch.protocol.Partitioner.CRC32.partitionOf(keyBytes, partitions);
  }

  @Override
  public void configure(Map<String, ?> settings) {
    // None.
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
