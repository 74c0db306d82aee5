package io.spendwatch.streams.base;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Pauses between tries: doubling from {@code min} to {@code max}, spread by a fifth so that many
 * who failed together do not come back together.
 */
public record BackOff(Duration min, Duration max) {
  private static final double SPREAD = 0.2;

  public BackOff {
    ConfigSection.checkPositive("retry.min", min);
    ConfigSection.check(max.compareTo(min) >= 0, "retry.max", max, ">= retry.min " + min);
  }

  /** Reads {@code min} and {@code max}. */
  public static BackOff from(ConfigSection section) {
    BackOff backOff = new BackOff(section.duration("min"), section.duration("max"));
    section.rejectUnknown();
    return backOff;
  }

  /**
   * How long to wait, milliseconds.
   *
   * @param failures how many tries have failed in a row, from 1
   */
  public long delayMs(int failures, RandomGenerator random) {
    int doublings = Math.clamp(failures - 1, 0, 20);
    long plainMs = Math.min(min.toMillis() << doublings, max.toMillis());
    double spread = 1 - SPREAD + 2 * SPREAD * random.nextDouble();
    return Math.max(1, Math.round(plainMs * spread));
  }
}
