package io.spendwatch.ops.salesmetrics;

import java.time.Duration;

/** What is counted of publishing sales metrics. Thread-safe. */
public interface SalesMetricsReport {

  /** So many records are in the topic. */
  void published(long records);

  /** A look could not. */
  void failed();

  /** For how long the oldest change waits; zero while none does. */
  void waiting(Duration waiting);
}
