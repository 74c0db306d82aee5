package io.spendwatch.ops.lab.bench.site;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.ops.alerts.AlertTail;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/** Reads committed alerts and tells a check of them, on a thread of its own. */
public final class Subscriber implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);

  /** No alert for so long after the last one that was expected: nothing more comes. */
  private static final Duration QUIET = Duration.ofMillis(500);

  /** How long alerts may be on their way when all offsets are committed. */
  private static final Duration ON_THE_WAY_MAX = Duration.ofSeconds(20);

  private final AlertCheck check;
  private final FutureTask<Void> task;
  private volatile long lastSeenNanos = System.nanoTime();
  private volatile boolean closing;

  private Subscriber(AlertTail tail, AlertCheck check) {
    this.check = check;
    this.task = new FutureTask<>(() -> follow(tail), null);
  }

  /**
   * Begins.
   *
   * @param fromBeginning else with the next alert
   */
  public static Subscriber start(
      Map<String, Object> client, String topic, AlertCheck check, boolean fromBeginning) {
    var subscriber = new Subscriber(AlertTail.open(client, topic, fromBeginning), check);
    Thread.ofPlatform().name("subscriber").daemon().start(subscriber.task);
    return subscriber;
  }

  /**
   * Waits for the alerts of records whose offsets are committed.
   *
   * @param who had to raise them, for people
   * @return all that were expected so far, and nothing else
   * @throws OperatorException if one is missing, doubled or too many
   */
  public AlertCheck.Row awaitExact(String who) {
    long deadlineNanos = System.nanoTime() + ON_THE_WAY_MAX.toNanos();
    while (System.nanoTime() < deadlineNanos
        && !task.isDone()
        && (check.outstanding() > 0 || System.nanoTime() - lastSeenNanos < QUIET.toNanos())) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
    if (task.isDone()) {
      join();
    }
    AlertCheck.Report report = check.report();
    AlertCheck.Row all = report.total();
    if (!all.isExact()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%s: of %,d alerts %,d missed, %,d extra, %,d doubled; missed: %s; extra: %s",
              who,
              all.expected(),
              all.missed(),
              all.extra(),
              all.doubled(),
              report.missedExamples(),
              report.extraExamples()));
    }
    return all;
  }

  private void follow(AlertTail tail) {
    try (tail) {
      while (!closing) {
        for (AlertTail.Received received : tail.poll(POLL)) {
          lastSeenNanos = System.nanoTime();
          check.seen(received.alert(), lastSeenNanos);
        }
      }
    }
  }

  private void join() {
    try {
      task.get(POLL.toSeconds() + ON_THE_WAY_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new OperatorException("the subscriber has failed: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  @Override
  public void close() {
    closing = true;
    join();
  }
}
