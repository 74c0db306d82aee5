package io.spendwatch.ops.doctor;

import java.time.Duration;
import java.util.Locale;

/** How far clocks may be apart. Stateless. */
final class Clocks {
  /** More than questions take, and what clocks that are kept in time differ by. */
  private static final long GOOD_MS = 2_000;

  private Clocks() {}

  /**
   * Holds a clock against this machine's.
   *
   * @param apartMs at least so far
   * @param maxFutureSkew beyond which records from the future are refused
   */
  static Check check(String name, long apartMs, Duration maxFutureSkew) {
    String found = String.format(Locale.ROOT, "%.1f s from this machine's", apartMs / 1000.0);
    if (apartMs <= GOOD_MS) {
      return Check.ok(name, found);
    }
    String advice = "keep both machines in time (chrony, ntpd)";
    return apartMs * 2 > maxFutureSkew.toMillis()
        ? Check.problem(
            name,
            found,
            advice
                + String.format(
                    Locale.ROOT,
                    ": with max-future-skew %d s good records are refused, or bad ones taken",
                    maxFutureSkew.toSeconds()))
        : Check.warning(name, found, advice);
  }
}
