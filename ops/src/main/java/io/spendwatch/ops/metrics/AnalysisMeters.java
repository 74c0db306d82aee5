package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.status.ReplicaStatus;
import java.time.Duration;

/** Questions over much data, and the replica that answers some of them. Thread-safe. */
final class AnalysisMeters implements AnalysisMetrics {
  private final Meters meters;
  private final Timer time;
  private volatile double lagSeconds = Double.NaN;
  private volatile double lagBytes = Double.NaN;
  private volatile boolean isUsable;

  AnalysisMeters(Meters meters, boolean hasReplica) {
    this.meters = meters;
    time = meters.timer(Metric.ANALYSIS_TIME);
    if (hasReplica) {
      meters.gauge(Metric.REPLICA_LAG, Tags.empty(), () -> lagSeconds);
      meters.gauge(Metric.REPLICA_LAG_BYTES, Tags.empty(), () -> lagBytes);
      meters.gauge(Metric.REPLICA_USABLE, Tags.empty(), () -> isUsable ? 1.0 : 0.0);
    }
  }

  @Override
  public void answered(String report, String source) {
    answers(report, source).increment();
  }

  @Override
  public void read(String report, Duration took) {
    meters.counter(Metric.ANALYSIS_READINGS, Tags.of("report", report)).increment();
    time.record(took);
  }

  @Override
  public void shared(String report) {
    meters.counter(Metric.ANALYSIS_SHARED, Tags.of("report", report)).increment();
  }

  @Override
  public void refused(String report) {
    answers(report, "refused").increment();
  }

  private Counter answers(String report, String source) {
    return meters.counter(Metric.ANALYSIS_ANSWERS, Tags.of("report", report, "source", source));
  }

  @Override
  public void replica(ReplicaStatus status) {
    lagSeconds = status.lagMs() == null ? Double.NaN : status.lagMs() / 1000.0;
    lagBytes = status.lagBytes() == null ? Double.NaN : status.lagBytes().doubleValue();
    isUsable = status.usable();
  }
}
