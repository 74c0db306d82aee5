package io.spendwatch.ops.lab.demo;

import io.spendwatch.ops.cli.StandardOutput;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * When a demo is to come to its end: after the time that it was given, when somebody says so, or
 * when nobody looks any more. Thread-safe.
 */
final class DemoEnd {
  /** Traffic ends a little earlier than the demo, so that it can say what it has done. */
  private static final Duration TRAFFIC_MARGIN = Duration.ofSeconds(5);

  private final Optional<Duration> duration;
  private final long startedNanos;
  private final PrintWriter out;
  private final CountDownLatch told = new CountDownLatch(1);

  /**
   * @param duration from its begin; empty for none
   * @param startedNanos of {@link System#nanoTime()}, when the demo began
   * @param out what is looked at
   */
  DemoEnd(Optional<Duration> duration, long startedNanos, PrintWriter out) {
    this.duration = duration;
    this.startedNanos = startedNanos;
    this.out = out;
  }

  /** It is to come now. */
  void tell() {
    told.countDown();
  }

  /** How long traffic may go on; nothing or less when it is too late for any. */
  Duration trafficLeft() {
    return duration.map(this::left).orElse(Duration.ofDays(1)).minus(TRAFFIC_MARGIN);
  }

  /** Whether it is to come, now or within a while, for which is waited. */
  boolean comesWithin(Duration pause) throws InterruptedException {
    boolean timeIsUp = duration.map(whole -> !left(whole).isPositive()).orElse(false);
    // Whoever looked has gone: there is nobody left to show anything to.
    return timeIsUp || StandardOutput.isClosed(out) || isToldWithin(pause);
  }

  /** Whether somebody says so within a while, for which is waited whatever the time is. */
  boolean isToldWithin(Duration pause) throws InterruptedException {
    return told.await(pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Duration left(Duration whole) {
    return whole.minusNanos(System.nanoTime() - startedNanos);
  }
}
