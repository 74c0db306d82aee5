package io.spendwatch.ops.lab.bench.load;

import io.spendwatch.errors.OperatorException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;

/**
 * Does something at a steady rate whatever becomes of it, on a thread of its own: what is late is
 * made up for, and its delay counts, because it is told when it was due.
 */
public final class OpenLoop {
  /** The system does not sleep more finely; what is due within it is let through. */
  private static final long TOO_SHORT_NANOS = 100_000;

  private final FutureTask<Long> task;
  private volatile boolean stopped;

  private OpenLoop(double perSecond, long times, LongConsumer action) {
    this.task =
        new FutureTask<>(
            () -> {
              long startNanos = System.nanoTime();
              long done = 0;
              while (done < times && !stopped) {
                long dueNanos = startNanos + (long) (done * 1e9 / perSecond);
                long leftNanos = dueNanos - System.nanoTime();
                if (leftNanos > TOO_SHORT_NANOS) {
                  LockSupport.parkNanos(leftNanos);
                } else {
                  action.accept(dueNanos);
                  done++;
                }
              }
              return done;
            });
  }

  /**
   * Begins.
   *
   * @param times how often at most
   * @param action given the instant, by {@link System#nanoTime()}, at which it was due
   */
  public static OpenLoop start(String name, double perSecond, long times, LongConsumer action) {
    var loop = new OpenLoop(perSecond, times, action);
    Thread.ofPlatform().name(name).daemon().start(loop.task);
    return loop;
  }

  /** Whether it has done it so often, or failed. */
  public boolean isDone() {
    return task.isDone();
  }

  /** Waits until it has done so often; answers how often. */
  public long join() {
    try {
      return task.get();
    } catch (ExecutionException e) {
      throw new OperatorException("the load has failed: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  /** Ends it before its time; answers how often it was done. */
  long stop() {
    stopped = true;
    return join();
  }
}
