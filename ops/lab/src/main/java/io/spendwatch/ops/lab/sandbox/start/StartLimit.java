package io.spendwatch.ops.lab.sandbox.start;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import java.time.Duration;
import java.util.Locale;

/**
 * How long a part of a start may take, from its beginning on. A bound for what hangs, not for what
 * is slow: what fails is noticed by its end.
 *
 * @param timeout from the beginning
 */
public record StartLimit(long beganNanos, Duration timeout) {
  public static StartLimit begin() {
    return new StartLimit(System.nanoTime(), Configuration.readStartTimeout());
  }

  public boolean isOver() {
    return System.nanoTime() - beganNanos > timeout.toNanos();
  }

  /** What to say when it is over, with the setting that makes it longer. */
  public OperatorException exceeded(String what, String reason) {
    return new OperatorException(
        String.format(
            Locale.ROOT,
            "%s after %d s (%s): on a busy machine set SPENDWATCH_START_TIMEOUT to more",
            what,
            timeout.toSeconds(),
            reason));
  }
}
