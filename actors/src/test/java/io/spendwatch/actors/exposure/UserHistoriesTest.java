package io.spendwatch.actors.exposure;

import org.junit.jupiter.api.Test;

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
    for (long seed = Long.parseLong(seeds[0]); seed <= Long.parseLong(seeds[1]); seed++) {
      try {
        new RandomHistory(seed).run();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + "\n" + e.getMessage(), e);
      }
    }
  }
}
