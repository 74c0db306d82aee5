package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.spendwatch.ops.events.EventMetrics;
import java.util.concurrent.atomic.AtomicLong;

/** Who listens to events, and what is lost to them. Thread-safe. */
final class EventMeters implements EventMetrics {
  private final AtomicLong clients;
  private final Counter lost;

  EventMeters(Meters meters) {
    clients = meters.gauge(Metric.EVENT_CLIENTS);
    lost = meters.counter(Metric.EVENTS_LOST);
  }

  @Override
  public void clients(int count) {
    clients.set(count);
  }

  @Override
  public void lost(long events) {
    lost.increment((double) events);
  }
}
