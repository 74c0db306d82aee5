package io.spendwatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

class PartitionsTest {

  /** The documented function of Kafka's producers: a change of it would move users unnoticed. */
  @Test
  void isMurmur2OfTheKeyForAnyNumberOfPartitions() {
    for (int partitions = 1; partitions < 100; partitions++) {
      for (String userId : List.of("42", "C596", "user-ß", "𝄞")) {
        assertThat(Partitions.partitionOf(userId, partitions))
            .isEqualTo(Utils.toPositive(Utils.murmur2(userId.getBytes(UTF_8))) % partitions)
            .isBetween(0, partitions - 1);
      }
    }
  }

  @Test
  void keepsUsersWhereTheyAre() {
    assertThat(
            List.of("42", "C596", "user-ß", "𝄞").stream().map(id -> Partitions.partitionOf(id, 8)))
        .containsExactly(4, 7, 0, 0);
  }
}
