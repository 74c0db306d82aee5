package io.spendwatch.actors.exposure;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole histories of a user with everything at once, each answer held against the naive rule's.
 *
 * <p>{@code -Dspendwatch.histories.seeds=FROM-TO} runs others; a failure prints its seed and all
 * that happened in it.
 */
class UserHistoriesTest {

  @Test
  void everyRowAndAlertIsTheNaiveRules() {
    String[] seeds = System.getProperty("spendwatch.histories.seeds", "1-100000").split("-", 2);
    LongStream.rangeClosed(Long.parseLong(seeds[0]), Long.parseLong(seeds[1]))
        .parallel()
        .forEach(UserHistoriesTest::run);
  }

  /** What the long runs have found, as long as a seed makes the same history. */
  @ParameterizedTest
  @ValueSource(longs = {138_920, 191_892, 307_899, 614_223, 614_764, 821_852})
  void whatWasFoundOnceStaysFound(long seed) {
    run(seed);
  }

  private static void run(long seed) {
    try {
      new RandomHistory(seed).run();
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed + "\n" + e.getMessage(), e);
    }
  }
}
