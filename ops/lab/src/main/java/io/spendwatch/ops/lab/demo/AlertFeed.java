package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.alerts.AlertText;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Prints alerts as they come, and counts them; on a thread of its own. */
final class AlertFeed implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);

  private final PrintWriter out;
  private final Terminal terminal = Terminal.ofStandardOutput();
  private final long startedNanos;
  private final AtomicLong raised = new AtomicLong();
  private final AtomicLong cleared = new AtomicLong();
  private final Set<String> ids = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Duration> first = new CompletableFuture<>();
  private final Thread thread;
  private volatile boolean closing;

  private AlertFeed(PrintWriter out, long startedNanos, AlertTail tail) {
    this.out = out;
    this.startedNanos = startedNanos;
    this.thread = Thread.ofPlatform().name("alert-feed").unstarted(() -> follow(tail));
  }

  /**
   * Begins with the next alert.
   *
   * @param startedNanos of {@link System#nanoTime()}, when the demo began
   * @throws OperatorException if Kafka does not answer or has no such topic
   */
  static AlertFeed start(
      PrintWriter out, long startedNanos, Map<String, Object> client, String topic) {
    var feed = new AlertFeed(out, startedNanos, AlertTail.open(client, topic, false));
    feed.thread.start();
    return feed;
  }

  /** Completes with the time from the demo's begin to the first alert on the screen. */
  CompletableFuture<Duration> first() {
    return first;
  }

  long raised() {
    return raised.get();
  }

  long cleared() {
    return cleared.get();
  }

  /** How many different ones. */
  long distinct() {
    return ids.size();
  }

  private void follow(AlertTail tail) {
    try (tail) {
      while (!closing) {
        tail.poll(POLL).forEach(received -> show(received.alert()));
      }
    }
  }

  private void show(Alert alert) {
    out.println(AlertText.line(alert, terminal));
    out.flush();
    var counter =
        switch (alert.type()) {
          case RAISED -> raised;
          case CLEARED -> cleared;
        };
    counter.incrementAndGet();
    ids.add(alert.alertId());
    if (alert.type() == AlertType.RAISED) {
      first.complete(Duration.ofNanos(System.nanoTime() - startedNanos));
    }
  }

  @Override
  public void close() {
    closing = true;
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
