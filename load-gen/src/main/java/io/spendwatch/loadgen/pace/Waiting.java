package io.spendwatch.loadgen.pace;

import io.spendwatch.errors.OperatorException;
import java.io.PrintStream;
import java.time.Duration;

/**
 * Looks again and again whether something has happened, and says now and then what is outstanding.
 * For one thread, which it blocks.
 */
public final class Waiting {
  public static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

  private static final Duration PAUSE = Duration.ofMillis(250);
  private static final Duration SAY_AFTER = Duration.ofSeconds(1);
  private static final Duration SAY_EVERY = Duration.ofSeconds(5);

  private final PrintStream err;
  private final Ticker ticker;

  /**
   * @param err where it says what is outstanding
   */
  public Waiting(PrintStream err, Ticker ticker) {
    this.err = err;
    this.ticker = ticker;
  }

  /** Answers what is still to be waited for, or null. */
  @FunctionalInterface
  public interface Condition {
    String outstanding();
  }

  /**
   * Waits for the condition, at which it looks at least once.
   *
   * @param quiet how long what is outstanding may stay the same
   * @param atMost how long in all
   * @return what is still outstanding; null for nothing
   * @throws OperatorException if the thread is interrupted
   */
  public String until(Duration quiet, Duration atMost, Condition condition) {
    long startNanos = ticker.nanoTime();
    long movedNanos = startNanos;
    long sayAfterNanos = SAY_AFTER.toNanos();
    String before = null;
    while (true) {
      String outstanding = condition.outstanding();
      if (outstanding == null) {
        return null;
      }
      long nowNanos = ticker.nanoTime();
      if (!outstanding.equals(before)) {
        movedNanos = nowNanos;
        before = outstanding;
      }
      long waitedNanos = nowNanos - startNanos;
      if (nowNanos - movedNanos > quiet.toNanos() || waitedNanos > atMost.toNanos()) {
        return outstanding;
      }
      if (waitedNanos > sayAfterNanos) {
        err.println("waiting: " + outstanding);
        sayAfterNanos = waitedNanos + SAY_EVERY.toNanos();
      }
      ticker.sleepUntil(nowNanos + PAUSE.toNanos());
    }
  }
}
