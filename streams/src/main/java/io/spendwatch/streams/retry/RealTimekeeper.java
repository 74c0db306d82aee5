package io.spendwatch.streams.retry;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/** Time as it is. */
record RealTimekeeper(InstantSource clock) implements Timekeeper {

  @Override
  public Instant instant() {
    return clock.instant();
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public RandomGenerator random() {
    return ThreadLocalRandom.current();
  }

  @Override
  public void schedule(long delayMs, Runnable task) {
    CompletableFuture.delayedExecutor(delayMs, TimeUnit.MILLISECONDS).execute(task);
  }

  @Override
  public void startThread(String name, Runnable body) {
    Thread.ofPlatform().name(name).daemon(true).start(body);
  }

  @Override
  public boolean await(CompletableFuture<?> event, Duration atMost) throws InterruptedException {
    try {
      event.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
      return true;
    } catch (ExecutionException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  @Override
  public <T> T poll(BlockingQueue<T> queue, long atMostNanos) throws InterruptedException {
    return queue.poll(atMostNanos, TimeUnit.NANOSECONDS);
  }
}
