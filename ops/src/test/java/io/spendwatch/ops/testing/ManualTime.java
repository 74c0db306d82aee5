package io.spendwatch.ops.testing;

import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * Time that passes only while somebody waits, all at once. For one thread, which does nothing else.
 */
public final class ManualTime implements Timekeeper {
  private long passedNanos;

  /** Since it was made. */
  public Duration passed() {
    return Duration.ofNanos(passedNanos);
  }

  @Override
  public Instant instant() {
    return Instant.EPOCH.plusNanos(passedNanos);
  }

  @Override
  public long nanoTime() {
    return passedNanos;
  }

  @Override
  public boolean await(CompletableFuture<?> event, Duration atMost) {
    if (!event.isDone()) {
      passedNanos += atMost.toNanos();
    }
    return event.isDone();
  }

  @Override
  public <T> T poll(BlockingQueue<T> queue, long atMostNanos) {
    if (queue.isEmpty()) {
      passedNanos += atMostNanos;
    }
    return queue.poll();
  }

  @Override
  public RandomGenerator random() {
    throw new UnsupportedOperationException("nothing is left to chance");
  }

  @Override
  public void schedule(long delayMs, Runnable task) {
    throw new UnsupportedOperationException("one thread only");
  }

  @Override
  public void startThread(String name, Runnable body) {
    throw new UnsupportedOperationException("one thread only");
  }
}
