package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;

/**
 * Which partition a key belongs to, by the producers that write the topic. All producers of a topic
 * must agree on it: otherwise a user's records are in several partitions. Safe for use by many
 * threads.
 */
public enum Partitioner {
  /** Kafka's own producers, without a partitioner of their own: the positive murmur2 of the key. */
  MURMUR2 {
    @Override
    int of(byte[] key, int partitions) {
      return BuiltInPartitioner.partitionForKey(key, partitions);
    }
  },

  /** Producers on librdkafka, as it comes: the unsigned CRC-32 of the key. */
  CRC32 {
    @Override
    int of(byte[] key, int partitions) {
      CRC32 crc = new CRC32();
      crc.update(key);
      return (int) (crc.getValue() % partitions);
    }
  };

  abstract int of(byte[] key, int partitions);

  /**
   * Where the records of a key are.
   *
   * @param partitions how many the topic has, at least 1
   * @return 0 ≤ partition &lt; partitions
   */
  public int partitionOf(byte[] key, int partitions) {
    return of(key, partitions);
  }

  /** Where the records of a user are: the key is the user's id as UTF-8. */
  public int partitionOf(String userId, int partitions) {
    return of(userId.getBytes(UTF_8), partitions);
  }

  /** As the setting names it. */
  public String settingName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The one that the setting names; empty for another word. */
  public static Optional<Partitioner> named(String setting) {
    for (Partitioner each : values()) {
      if (each.settingName().equals(setting)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** What a producer of kafka-clients has to be set to, to do the same. */
  public Map<String, String> producerProperties() {
    return switch (this) {
      case MURMUR2 -> Map.of();
      case CRC32 ->
          Map.of(ProducerConfig.PARTITIONER_CLASS_CONFIG, Crc32Partitioner.class.getName());
    };
  }
}
