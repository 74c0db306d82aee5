package io.spendwatch.ops.capture.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LongSumsTest {
  @Test
  void hasWhatAMapHas() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var sums = new LongSums();
    Map<Long, Long> expected = new HashMap<>();
    for (int i = 0; i < 50_000; i++) {
      // Many alike in the bits that places are chosen by; 0 among them.
      long key = (long) random.nextInt(20_000) << (random.nextInt(3) * 20);
      long amount = random.nextLong();
      sums.add(key, amount);
      expected.merge(key, amount, Long::sum);
    }
    assertThat(expected)
        .as("seed %d", seed)
        .allSatisfy((key, sum) -> assertThat(sums.sum(key)).isEqualTo(sum));
    assertThat(sums.has(-1)).isFalse();
    assertThat(sums.sum(-1)).isZero();
    assertThat(sums.isBalanced()).isFalse();
    expected.forEach((key, sum) -> sums.add(key, -sum));
    assertThat(sums.isBalanced()).isTrue();
    assertThat(sums.has(expected.keySet().iterator().next())).isTrue();
  }
}
