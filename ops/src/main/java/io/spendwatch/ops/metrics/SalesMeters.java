package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.spendwatch.ops.salesmetrics.SalesMetricsReport;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** What is published of sales metrics. Thread-safe. */
final class SalesMeters implements SalesMetricsReport {
  private final Counter records;
  private final Counter failed;
  private final AtomicLong waitingMs = new AtomicLong();

  SalesMeters(Meters meters) {
    records = meters.counter(Metric.SALES_METRICS_RECORDS);
    failed = meters.counter(Metric.SALES_METRICS_FAILED);
    meters.gauge(Metric.SALES_METRICS_WAITING, Tags.empty(), () -> waitingMs.get() / 1000.0);
  }

  @Override
  public void published(long some) {
    records.increment((double) some);
  }

  @Override
  public void failed() {
    failed.increment();
  }

  @Override
  public void waiting(Duration waiting) {
    waitingMs.set(waiting.toMillis());
  }
}
