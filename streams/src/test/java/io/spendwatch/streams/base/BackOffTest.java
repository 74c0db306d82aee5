package io.spendwatch.streams.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackOffTest {
  private final Random random = new Random(1);
  private final BackOff backOff = new BackOff(Duration.ofMillis(100), Duration.ofSeconds(5));

  @ParameterizedTest
  @CsvSource({"1, 100", "2, 200", "4, 800", "7, 5000", "1000000, 5000"})
  void doublesUpToItsMaximumSpreadByAFifth(int failures, long plainMs) {
    for (int i = 0; i < 100; i++) {
      assertThat(backOff.delayMs(failures, random))
          .isBetween(Math.round(plainMs * 0.8), Math.round(plainMs * 1.2));
    }
  }
}
