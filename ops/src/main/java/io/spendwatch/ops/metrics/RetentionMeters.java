package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.spendwatch.ops.storage.retention.RetentionConfig.Kind;
import io.spendwatch.ops.storage.retention.RetentionMetrics;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What removes rows that are too old. Thread-safe. */
final class RetentionMeters implements RetentionMetrics {
  private final InstantSource clock;
  private final Map<Kind, Counter> removed = new EnumMap<>(Kind.class);
  private final Counter failed;
  private final AtomicLong lastRun;

  RetentionMeters(Meters meters, InstantSource clock) {
    this.clock = clock;
    for (Kind kind : Kind.values()) {
      removed.put(kind, meters.counter(Metric.RETENTION_REMOVED, Tags.of("kind", kind.word())));
    }
    failed = meters.counter(Metric.RETENTION_FAILED);
    lastRun = meters.gauge(Metric.RETENTION_LAST_RUN);
  }

  @Override
  public void removed(Map<Kind, Long> rows) {
    count(rows);
    lastRun.set(clock.instant().getEpochSecond());
  }

  @Override
  public void failed(Map<Kind, Long> rows) {
    count(rows);
    failed.increment();
  }

  private void count(Map<Kind, Long> rows) {
    rows.forEach((kind, some) -> removed.get(kind).increment((double) some));
  }
}
