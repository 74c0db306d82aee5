package io.spendwatch.streams.simulation.scheduler;

import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** Time, chance and threads of one simulated process. */
public final class SimulatedTime implements Timekeeper {
  private final Scheduler scheduler;
  private final Host host;
  private final Life life;
  private final InstantSource wallClock;

  /**
   * @param wallClock may step, as wall clocks do
   */
  public SimulatedTime(Scheduler scheduler, Host host, Life life, InstantSource wallClock) {
    this.scheduler = scheduler;
    this.host = host;
    this.life = life;
    this.wallClock = wallClock;
  }

  @Override
  public Instant instant() {
    return wallClock.instant();
  }

  @Override
  public long nanoTime() {
    return scheduler.nanoTime();
  }

  @Override
  public RandomGenerator random() {
    return scheduler.random();
  }

  @Override
  public void schedule(long delayMs, Runnable task) {
    scheduler.after(delayMs * 1_000_000, host, task);
  }

  @Override
  public void startThread(String name, Runnable body) {
    scheduler.start(host, life, host.name() + " " + name, body);
  }

  @Override
  public boolean await(CompletableFuture<?> event, Duration atMost) {
    return scheduler.block(event::isDone, atMost.toNanos());
  }

  @Override
  public <T> T poll(BlockingQueue<T> queue, long atMostNanos) {
    if (queue.isEmpty()) {
      boolean _ = scheduler.block(() -> !queue.isEmpty(), atMostNanos);
    }
    return queue.poll();
  }
}
