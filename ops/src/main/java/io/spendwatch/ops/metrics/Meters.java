package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;

/** Makes meters of {@link Metric}s: each is told with its name and what it means. Thread-safe. */
final class Meters {
  private final MeterRegistry registry;

  Meters(MeterRegistry registry) {
    this.registry = registry;
  }

  Timer timer(Metric metric) {
    return Timer.builder(metric.id()).description(metric.meaning()).register(registry);
  }

  Counter counter(Metric metric) {
    return counter(metric, Tags.empty());
  }

  /** The one with these tags; it is made where it is not there yet. */
  Counter counter(Metric metric, Tags tags) {
    return Counter.builder(metric.id()).description(metric.meaning()).tags(tags).register(registry);
  }

  /** A gauge that says what it is set to, 0 at first. */
  AtomicLong gauge(Metric metric) {
    return gauge(metric, Tags.empty());
  }

  /** The same, with these tags. */
  AtomicLong gauge(Metric metric, Tags tags) {
    AtomicLong value = new AtomicLong();
    gauge(metric, tags, value::get);
    return value;
  }

  /** A gauge that says what this answers. */
  void gauge(Metric metric, Tags tags, DoubleSupplier value) {
    var _ =
        Gauge.builder(metric.id(), value, DoubleSupplier::getAsDouble)
            .description(metric.meaning())
            .tags(tags)
            // The registry holds what it is given weakly.
            .strongReference(true)
            .register(registry);
  }
}
