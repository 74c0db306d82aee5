package io.spendwatch.streams.base;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Time as it is. */
record RealTimekeeper(InstantSource clock, Consumer<String> onDeath) implements Timekeeper {
  private static final Logger LOG = LoggerFactory.getLogger(RealTimekeeper.class);

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
    Thread.ofPlatform().name(name).daemon(true).start(() -> run(name, body));
  }

  private void run(String name, Runnable body) {
    try {
      body.run();
    } catch (Throwable e) {
      // An error, too: somebody waits for what this thread does, and would wait for ever.
      LOG.error("Thread {} has died", name, e);
      onDeath.accept("thread " + name + " has died: " + e);
    }
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
  public <T> @Nullable T poll(BlockingQueue<T> queue, long atMostNanos)
      throws InterruptedException {
    return queue.poll(atMostNanos, TimeUnit.NANOSECONDS);
  }
}
