package io.spendwatch.loadgen;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** When each of a sequence of records is due. For one thread. */
interface Pace {

  /**
   * Returns when the next record is due. One that is overdue is due at once, so that a pause in
   * between is made up for.
   *
   * @param eventTimeMs the record's event time, milliseconds since the epoch
   */
  void awaitTurn(long eventTimeMs);

  /** As fast as the receiver takes them. */
  static Pace unlimited() {
    return _ -> {};
  }

  /** Evenly, so many a second. */
  static Pace perSecond(double rate, Ticker ticker) {
    return new Pace() {
      private final long startNanos = ticker.nanoTime();
      private long records;

      @Override
      public void awaitTurn(long eventTimeMs) {
        ticker.sleepUntil(startNanos + (long) (records * 1e9 / rate));
        records++;
      }
    };
  }

  /** As far apart as their event times, divided by the factor. */
  static Pace speedup(double factor, Ticker ticker) {
    return new Pace() {
      private final long startNanos = ticker.nanoTime();
      private long firstMs = Long.MIN_VALUE;

      @Override
      public void awaitTurn(long eventTimeMs) {
        if (firstMs == Long.MIN_VALUE) {
          firstMs = eventTimeMs;
        }
        ticker.sleepUntil(startNanos + (long) ((eventTimeMs - firstMs) * 1e6 / factor));
      }
    };
  }

  /** Time that passes: injected, so that a test need not wait for it. */
  interface Ticker {
    long nanoTime();

    /** Returns at once for a time that has passed. */
    void sleepUntil(long nanoTime);

    Ticker SYSTEM =
        new Ticker() {
          // The system does not sleep more finely; what is due within it is let through.
          private static final long TOO_SHORT_NANOS = TimeUnit.MICROSECONDS.toNanos(100);

          @Override
          public long nanoTime() {
            return System.nanoTime();
          }

          @Override
          public void sleepUntil(long nanoTime) {
            for (long leftNanos = nanoTime - System.nanoTime();
                leftNanos > TOO_SHORT_NANOS;
                leftNanos = nanoTime - System.nanoTime()) {
              LockSupport.parkNanos(leftNanos);
              if (Thread.interrupted()) {
                Thread.currentThread().interrupt();
                throw new CommandFailed("interrupted");
              }
            }
          }
        };
  }
}
