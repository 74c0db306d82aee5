package io.spendwatch.loadgen.pace;

import io.spendwatch.errors.OperatorException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Time that passes: injected, so that a test need not wait for it. */
public interface Ticker {

  /** Nanoseconds that only grow; for spans, not for dates. */
  long nanoTime();

  /**
   * Blocks the calling thread; returns at once for a time that has passed.
   *
   * @throws OperatorException if the thread is interrupted; it stays so
   */
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
              throw new OperatorException("interrupted");
            }
          }
        }
      };
}
