package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class PartitionerTest {
  private static final List<String> USERS = List.of("42", "C596", "user-ß", "𝄞");

  /** The documented function of Kafka's producers: a change of it would move users unnoticed. */
  @Test
  void isMurmur2OfTheKeyForAnyNumberOfPartitions() {
    for (int partitions = 1; partitions < 100; partitions++) {
      for (String userId : USERS) {
        assertThat(Partitioner.MURMUR2.partitionOf(userId, partitions))
            .isEqualTo(Utils.toPositive(Utils.murmur2(userId.getBytes(UTF_8))) % partitions)
            .isBetween(0, partitions - 1);
      }
    }
  }

  @Test
  void keepsUsersWhereTheyAre() {
    assertThat(USERS.stream().map(id -> Partitioner.MURMUR2.partitionOf(id, 8)))
        .containsExactly(4, 7, 0, 0);
  }

  /** The check value of the function itself, and two keys of librdkafka's own tests. */
  @Test
  void isTheUnsignedCrc32OfTheKey() {
    Map<String, Long> known =
        Map.of(
            "123456789", 0xcbf43926L,
            "23456", 0xb1b451d7L,
            "this is another string with more length to it perhaps", 0xb0150df7L);
    known.forEach(
        (key, crc) -> {
          for (int partitions : List.of(1, 3, 8, 17, 1_000_003)) {
            assertThat(Partitioner.CRC32.partitionOf(key, partitions))
                .isEqualTo((int) (crc % partitions));
          }
        });
  }

  @Test
  void producersOfKafkaClientsPutRecordsWhereLibrdkafkaDoes() throws Exception {
    assertThat(Partitioner.MURMUR2.producerProperties()).isEmpty();
    String name = Partitioner.CRC32.producerProperties().get("partitioner.class");
    try (var partitioner =
        Class.forName(name)
            .asSubclass(org.apache.kafka.clients.producer.Partitioner.class)
            .getConstructor()
            .newInstance()) {
      for (String userId : USERS) {
        byte[] key = userId.getBytes(UTF_8);
        assertThat(partitioner.partition("t", userId, key, null, null, cluster(7)))
            .isEqualTo(Partitioner.CRC32.partitionOf(userId, 7));
      }
      assertThat(partitioner.partition("t", null, null, null, null, cluster(7))).isBetween(0, 6);
    }
  }

  @Test
  void isNamedByTheSetting() {
    assertThat(Partitioner.named("murmur2")).contains(Partitioner.MURMUR2);
    assertThat(Partitioner.named("crc32")).contains(Partitioner.CRC32);
    assertThat(Partitioner.named("CRC32")).isEmpty();
  }

  private static Cluster cluster(int partitions) {
    Node node = new Node(1, "host", 9092);
    return new Cluster(
        "c",
        List.of(node),
        IntStream.range(0, partitions)
            .mapToObj(p -> new PartitionInfo("t", p, node, new Node[] {node}, new Node[] {node}))
            .toList(),
        java.util.Set.of(),
        java.util.Set.of());
  }
}
