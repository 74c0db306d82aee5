package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Passes where it is waited for. The one thread is the test's. */
final class ScriptTime implements Timekeeper {
  private final RandomGenerator random = new Random(1);
  private long nanos;
  private Runnable thread;

  /** How long, in real time, is waited for what other threads do. */
  Duration patience = Duration.ZERO;

  void runThread() {
    thread.run();
  }

  void pass(Duration span) {
    nanos += span.toNanos();
  }

  @Override
  public Instant instant() {
    return Instant.parse("2024-07-12T16:00:00Z").plusNanos(nanos);
  }

  @Override
  public long nanoTime() {
    return nanos;
  }

  @Override
  public RandomGenerator random() {
    return random;
  }

  @Override
  public void schedule(long delayMs, Runnable task) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void startThread(String name, Runnable body) {
    thread = body;
  }

  @Override
  public boolean await(CompletableFuture<?> event, Duration atMost) throws InterruptedException {
    try {
      event.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      return true;
    } catch (java.util.concurrent.TimeoutException e) {
      pass(atMost);
    }
    return event.isDone();
  }

  @Override
  public <T> T poll(BlockingQueue<T> queue, long atMostNanos) {
    throw new UnsupportedOperationException();
  }
}
