package io.spendwatch.ops.bench;

import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.protocol.AlertType;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * A subscriber that reads committed alerts, and how long after its transaction was due each is
 * there. It knows that instant from the transaction's id; on a thread of its own.
 */
final class AlertLatency implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final String PREFIX = "probe-";
  private static final int DIGITS = 3;

  private final Thread thread;
  private volatile Histogram micros = new ConcurrentHistogram(DIGITS);
  private volatile boolean closing;

  private AlertLatency(AlertTail tail) {
    this.thread = Thread.ofPlatform().name("subscriber").daemon().unstarted(() -> follow(tail));
  }

  /** Begins with the next alert. */
  static AlertLatency start(Map<String, Object> client, String topic) {
    var latency = new AlertLatency(AlertTail.open(client, topic, false));
    latency.thread.start();
    return latency;
  }

  /** The id of a transaction that must raise an alert, due at this {@link System#nanoTime()}. */
  static String idDueAt(long dueNanos) {
    return PREFIX + dueNanos;
  }

  /** Forgets what it has seen. */
  void begin() {
    micros = new ConcurrentHistogram(DIGITS);
  }

  /** Of those seen since it began, microseconds. */
  Histogram micros() {
    return micros;
  }

  private void follow(AlertTail tail) {
    try (tail) {
      while (!closing) {
        for (AlertTail.Received received : tail.poll(POLL)) {
          String id = received.alert().transactionId();
          if (received.alert().type() == AlertType.RAISED && id != null && id.startsWith(PREFIX)) {
            long dueNanos = Long.parseLong(id.substring(PREFIX.length()));
            micros.recordValue(TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - dueNanos));
          }
        }
      }
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
