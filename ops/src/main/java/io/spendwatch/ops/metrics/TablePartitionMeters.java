package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Timer;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Merged;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Report;
import io.spendwatch.ops.storage.tablepartitions.PartitionMetrics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** What looks after the partitions of tables. Thread-safe. */
final class TablePartitionMeters implements PartitionMetrics {
  private final InstantSource clock;
  private final AtomicLong present;
  private final AtomicLong lastRun;
  private final AtomicLong lastFailure;
  private final Counter made;
  private final Counter detached;
  private final Counter dropped;
  private final Counter merged;
  private final Counter failed;
  private final Timer time;

  TablePartitionMeters(Meters meters, InstantSource clock) {
    this.clock = clock;
    present = meters.gauge(Metric.PARTITIONS);
    lastRun = meters.gauge(Metric.PARTITION_MAINTENANCE_LAST_RUN);
    lastFailure = meters.gauge(Metric.PARTITION_MAINTENANCE_LAST_FAILURE);
    made = meters.counter(Metric.PARTITIONS_MADE);
    detached = meters.counter(Metric.PARTITIONS_DETACHED);
    dropped = meters.counter(Metric.PARTITIONS_DROPPED);
    merged = meters.counter(Metric.PARTITIONS_MERGED);
    failed = meters.counter(Metric.PARTITION_MAINTENANCE_FAILED);
    time = meters.timer(Metric.PARTITION_MAINTENANCE);
  }

  @Override
  public void kept(Report report, Duration took) {
    present.set(report.present());
    made.increment(report.made());
    detached.increment(report.detached());
    dropped.increment(report.dropped());
    time.record(took);
    lastRun.set(clock.instant().getEpochSecond());
  }

  @Override
  public void merged(Merged done, Duration took) {
    merged.increment(done.months());
    time.record(took);
  }

  @Override
  public void failed(Duration took) {
    failed.increment();
    time.record(took);
    lastFailure.set(clock.instant().getEpochSecond());
  }
}
