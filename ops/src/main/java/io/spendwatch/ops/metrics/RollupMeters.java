package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.spendwatch.ops.storage.rollups.RollupMetrics;
import io.spendwatch.ops.storage.rollups.Rollups;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** How far the roll-ups are. Thread-safe. */
final class RollupMeters implements RollupMetrics {
  private final Meters meters;
  private final Counter transactions;
  private final Counter failed;
  private final Timer time;
  private final AtomicLong features;

  /** Each has its gauge from when it is first heard of. */
  private final Map<String, AtomicLong> lagMs = new ConcurrentHashMap<>();

  RollupMeters(Meters meters) {
    this.meters = meters;
    transactions = meters.counter(Metric.ROLLUP_TRANSACTIONS);
    failed = meters.counter(Metric.ROLLUP_FAILED);
    time = meters.timer(Metric.ROLLUP_TIME);
    features = meters.gauge(Metric.FEATURES_TIMESTAMP);
  }

  @Override
  public void kept(Rollups.Added added, Duration took) {
    transactions.increment((double) added.transactions());
    time.record(took);
  }

  @Override
  public void failed() {
    failed.increment();
  }

  @Override
  public void featuresAsOf(LocalDate day) {
    features.set(day.atStartOfDay(ZoneOffset.UTC).toEpochSecond());
  }

  @Override
  public void lag(List<Rollups.State> states) {
    for (Rollups.State state : states) {
      lagMs.computeIfAbsent(state.name(), this::gaugeOf).set(Math.round(state.lagSeconds() * 1000));
    }
  }

  private AtomicLong gaugeOf(String rollup) {
    AtomicLong ms = new AtomicLong();
    meters.gauge(Metric.ROLLUP_LAG, Tags.of("rollup", rollup), () -> ms.get() / 1000.0);
    return ms;
  }
}
