package io.spendwatch.streams.base;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node does again and again, whatever becomes of a single time: one at a time; what throws
 * or fails is logged and tried again after the interval; what does not end is given up after {@code
 * limit}, and the next one begins beside it. Without this, one unexpected exception would end it
 * for good, and one lost answer hold it for ever. Thread-safe.
 */
public final class PeriodicWork {
  private static final Logger LOG = LoggerFactory.getLogger(PeriodicWork.class);

  private final String name;
  private final Duration limit;
  private final Supplier<? extends CompletionStage<?>> work;
  private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

  private PeriodicWork(String name, Duration limit, Supplier<? extends CompletionStage<?>> work) {
    this.name = name;
    this.limit = limit;
    this.work = work;
  }

  /**
   * Works until cancelled. The work itself may report its failures in words of its own, and answer
   * with success then.
   *
   * @param name for people
   * @param delay before the first time
   * @param interval between the beginnings
   * @param limit after which work that has not ended is given up
   * @param work begins it; must not block
   */
  public static Cancellable start(
      ActorSystem<?> system,
      String name,
      Duration delay,
      Duration interval,
      Duration limit,
      Supplier<? extends CompletionStage<?>> work) {
    var periodic = new PeriodicWork(name, limit, work);
    return system
        .scheduler()
        .scheduleWithFixedDelay(delay, interval, periodic::begin, system.executionContext());
  }

  private synchronized void begin() {
    if (!last.isDone()) {
      return;
    }
    CompletionStage<?> begun;
    try {
      begun = work.get();
    } catch (RuntimeException | Error e) {
      // Let out, it would be the last time; that the JVM cannot go on, it says itself.
      LOG.error("{} has failed; it is tried again", name, e);
      return;
    }
    last =
        begun
            .<Void>thenApply(_ -> null)
            .toCompletableFuture()
            .copy()
            .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
            .exceptionally(
                e -> {
                  LOG.warn("{} has failed or not ended; it is tried again", name, Retry.cause(e));
                  return null;
                });
  }
}
