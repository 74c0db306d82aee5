package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.spendwatch.ops.audit.AuditMetrics;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.FindingKind;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** What the audit has found. Thread-safe. */
final class AuditMeters implements AuditMetrics {
  private final Counter runs;
  private final Counter failed;
  private final Map<FindingKind, AtomicLong> open = new EnumMap<>(FindingKind.class);
  private final Counter transactions;
  private final Timer time;

  AuditMeters(Meters meters) {
    runs = meters.counter(Metric.AUDIT_RUNS);
    failed = meters.counter(Metric.AUDIT_FAILED);
    for (FindingKind kind : FindingKind.values()) {
      open.put(kind, meters.gauge(Metric.AUDIT_FINDINGS, Tags.of("kind", kind.name())));
    }
    transactions = meters.counter(Metric.AUDIT_TRANSACTIONS);
    time = meters.timer(Metric.AUDIT_TIME);
  }

  @Override
  public void ran(AuditReport report) {
    runs.increment();
    transactions.increment((double) report.transactions());
    time.record(Duration.between(report.startedAt(), report.finishedAt()));
  }

  @Override
  public void failed() {
    failed.increment();
  }

  @Override
  public void open(Map<FindingKind, Long> findings) {
    open.forEach((kind, value) -> value.set(findings.getOrDefault(kind, 0L)));
  }
}
