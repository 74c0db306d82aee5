package io.spendwatch.ops.erasure;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Partitioner;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PseudonymsTest {
  /** Under the count in force, and under those that the topic had before. */
  @ParameterizedTest
  @CsvSource({"42, murmur2", "Ünïcode 用户, murmur2", "42, crc32"})
  void oneIsAtHomeWhereTheUserWas(String user, String name) {
    Partitioner partitioner = Partitioner.named(name).orElseThrow();
    List<Integer> counts = List.of(8, 12, 100);
    String drawn = Pseudonyms.draw(user, partitioner, counts);
    assertThat(drawn).matches("erased-[0-9a-f]{32}");
    assertThat(counts)
        .allSatisfy(
            count ->
                assertThat(partitioner.partitionOf(drawn, count))
                    .isEqualTo(partitioner.partitionOf(user, count)));
    assertThat(Pseudonyms.draw(user, partitioner, counts)).isNotEqualTo(drawn);
  }

  @ParameterizedTest
  @CsvSource("42")
  void aTopicThatHasNotBeenReadYetAsksForNoHome(String user) {
    assertThat(Pseudonyms.draw(user, Partitioner.MURMUR2, List.of())).startsWith("erased-");
  }
}
