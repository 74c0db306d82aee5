package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spendwatch.ops.audit.AuditMetrics;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.events.EventMetrics;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Merged;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Report;
import io.spendwatch.ops.storage.tablepartitions.PartitionMetrics;
import io.spendwatch.streams.ledger.UnreadableRows;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** A node's metrics, for Prometheus to ask for. Thread-safe. */
public final class Metrics {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final InstantSource clock;

  public Metrics(InstantSource clock) {
    this.clock = clock;
  }

  /** All of them in the text format of Prometheus. */
  public String text() {
    return registry.scrape();
  }

  /** Of the audit. To be asked for once. */
  public AuditMetrics audit() {
    Counter runs = counter(Metric.AUDIT_RUNS);
    Counter failed = counter(Metric.AUDIT_FAILED);
    Counter findings = counter(Metric.AUDIT_FINDINGS);
    Counter transactions = counter(Metric.AUDIT_TRANSACTIONS);
    Timer time = timer(Metric.AUDIT_TIME);
    return new AuditMetrics() {
      @Override
      public void ran(AuditReport report) {
        runs.increment();
        findings.increment((double) report.findingsTotal());
        transactions.increment((double) report.transactions());
        time.record(Duration.between(report.startedAt(), report.finishedAt()));
      }

      @Override
      public void failed() {
        failed.increment();
      }
    };
  }

  /** Of the clients of events. To be asked for once. */
  public EventMetrics events() {
    AtomicLong clients = gauge(Metric.EVENT_CLIENTS);
    Counter lost = counter(Metric.EVENTS_LOST);
    return new EventMetrics() {
      @Override
      public void clients(int count) {
        clients.set(count);
      }

      @Override
      public void lost(long events) {
        lost.increment((double) events);
      }
    };
  }

  /**
   * Of what is lost. To be asked for once.
   *
   * @param noticed how many this node has noticed since its start
   */
  public void lostRecords(LongSupplier noticed) {
    var _ =
        // The registry holds what it is given weakly.
        FunctionCounter.builder(Metric.LOST_RECORDS.id(), this, _ -> noticed.getAsLong())
            .description(Metric.LOST_RECORDS.meaning())
            .register(registry);
  }

  /** Of what looks after the partitions. To be asked for once. */
  public PartitionMetrics partitions() {
    AtomicLong present = gauge(Metric.PARTITIONS);
    AtomicLong lastRun = gauge(Metric.PARTITION_MAINTENANCE_LAST_RUN);
    AtomicLong lastFailure = gauge(Metric.PARTITION_MAINTENANCE_LAST_FAILURE);
    Counter made = counter(Metric.PARTITIONS_MADE);
    Counter detached = counter(Metric.PARTITIONS_DETACHED);
    Counter dropped = counter(Metric.PARTITIONS_DROPPED);
    Counter merged = counter(Metric.PARTITIONS_MERGED);
    Counter failed = counter(Metric.PARTITION_MAINTENANCE_FAILED);
    Timer time = timer(Metric.PARTITION_MAINTENANCE);
    return new PartitionMetrics() {
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
    };
  }

  /** Of rows that cannot be read. To be called once. */
  public void watch(UnreadableRows unreadable) {
    var _ =
        FunctionCounter.builder(Metric.UNREADABLE_ROWS.id(), unreadable, UnreadableRows::found)
            .description(Metric.UNREADABLE_ROWS.meaning())
            .register(registry);
  }

  private Timer timer(Metric metric) {
    return Timer.builder(metric.id()).description(metric.meaning()).register(registry);
  }

  private Counter counter(Metric metric) {
    return Counter.builder(metric.id()).description(metric.meaning()).register(registry);
  }

  private AtomicLong gauge(Metric metric) {
    AtomicLong value = new AtomicLong();
    var _ =
        Gauge.builder(metric.id(), value, AtomicLong::get)
            .description(metric.meaning())
            // The registry holds what it is given weakly.
            .strongReference(true)
            .register(registry);
    return value;
  }
}
