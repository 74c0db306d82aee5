package io.spendwatch.streams.base;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Time, chance and waiting. In the pipelines nothing else reads a clock, draws a random number,
 * starts a thread or blocks one, so that a simulation can decide all of it from a seed. For any
 * thread.
 */
public interface Timekeeper extends InstantSource {

  /** The real one, with this wall clock. A thread that dies is an error in the log. */
  static Timekeeper real(InstantSource clock) {
    return real(clock, _ -> {});
  }

  /**
   * The real one, with this wall clock.
   *
   * @param onDeath is told, by the dying thread, what has ended one of {@link #startThread} that
   *     did not end by itself, for people
   */
  static Timekeeper real(InstantSource clock, Consumer<String> onDeath) {
    return new RealTimekeeper(clock, onDeath);
  }

  /** Nanoseconds that only grow; for spans, not for dates. */
  long nanoTime();

  /** For the jitter of pauses. */
  RandomGenerator random();

  /** Runs a short task after a delay, milliseconds; must not block. */
  void schedule(long delayMs, Runnable task);

  /** Starts a daemon thread. What it throws, errors too, is logged and told; never nothing. */
  void startThread(String name, Runnable body);

  /**
   * Blocks the calling thread, one of {@link #startThread}, until the event is there, however it
   * came out, or the time is over.
   *
   * @return whether it is there
   */
  boolean await(CompletableFuture<?> event, Duration atMost) throws InterruptedException;

  /**
   * Blocks the calling thread, one of {@link #startThread}, for the next element.
   *
   * @return null when the time was over before
   */
  <T> @Nullable T poll(BlockingQueue<T> queue, long atMostNanos) throws InterruptedException;

  /** Blocks the calling thread for so long; in the pipelines one of {@link #startThread}. */
  default void pause(Duration pause) throws InterruptedException {
    boolean _ = await(new CompletableFuture<>(), pause);
  }
}
