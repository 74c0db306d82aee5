package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.audit.AuditMetrics;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.FindingKind;
import io.spendwatch.ops.events.EventMetrics;
import io.spendwatch.ops.salesmetrics.SalesMetricsReport;
import io.spendwatch.ops.status.ReplicaStatus;
import io.spendwatch.ops.storage.retention.RetentionConfig.Kind;
import io.spendwatch.ops.storage.retention.RetentionMetrics;
import io.spendwatch.ops.storage.rollups.RollupMetrics;
import io.spendwatch.ops.storage.rollups.Rollups;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Merged;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance.Report;
import io.spendwatch.ops.storage.tablepartitions.PartitionMetrics;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.ClientMetrics;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.life.PipelineMetrics;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** A node's metrics, for Prometheus to ask for. Thread-safe. */
public final class Metrics implements AutoCloseable {
  private final DeadLetterUsers deadLetterUsers = new DeadLetterUsers();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final KafkaClients kafkaClients = new KafkaClients(registry);
  private final JvmGcMetrics collections = new JvmGcMetrics();
  private final InstantSource clock;

  public Metrics(InstantSource clock) {
    this.clock = clock;
    registry
        .config()
        .meterFilter(KafkaClients.filter())
        // Looks at every thread, once for each state.
        .meterFilter(MeterFilter.denyNameStartsWith("jvm.threads.states"));
  }

  /** All of them in the text format of Prometheus. */
  public String text() {
    return registry.scrape();
  }

  /** Of the process and its JVM. To be called once. */
  public void process() {
    List.of(
            new JvmMemoryMetrics(),
            collections,
            new JvmThreadMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics())
        .forEach(binder -> binder.bindTo(registry));
  }

  /** Of what the pipelines do. To be asked for once. */
  public PipelineMetrics pipelines(Topics topics) {
    return new HotPath(registry, topics, deadLetterUsers);
  }

  /** Whose records the pipelines put aside. */
  public DeadLetterUsers deadLetterUsers() {
    return deadLetterUsers;
  }

  /** Of the clients of Kafka. */
  public ClientMetrics kafkaClients() {
    return kafkaClients;
  }

  /**
   * Of the partitions that this node consumes, at the moment of asking. To be called once.
   *
   * @param assigned now; cheap, and blocks nobody
   */
  public void partitions(String transactionsTopic, Supplier<List<PartitionStatus>> assigned) {
    registry
        .getPrometheusRegistry()
        .register(new AssignedPartitions(assigned, transactionsTopic, clock));
  }

  /** Of a pool of connections. To be called once for each. */
  public void watch(Database database) {
    gauge(Metric.POOL_IN_USE, database, Database::connectionsInUse);
    gauge(Metric.POOL_WAITING, database, Database::requestsWaiting);
    gauge(Metric.POOL_MAX, database, pool -> pool.config().poolSize());
  }

  private void gauge(Metric metric, Database database, ToDoubleFunction<Database> value) {
    var _ =
        Gauge.builder(metric.id(), database, value)
            .description(metric.meaning())
            .tag("pool", database.config().applicationName())
            .register(registry);
  }

  /** Of the audit. To be asked for once. */
  public AuditMetrics audit() {
    Counter runs = counter(Metric.AUDIT_RUNS);
    Counter failed = counter(Metric.AUDIT_FAILED);
    Map<FindingKind, AtomicLong> open = new EnumMap<>(FindingKind.class);
    for (FindingKind kind : FindingKind.values()) {
      open.put(kind, gauge(Metric.AUDIT_FINDINGS, Tags.of("kind", kind.name())));
    }
    Counter transactions = counter(Metric.AUDIT_TRANSACTIONS);
    Timer time = timer(Metric.AUDIT_TIME);
    return new AuditMetrics() {
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

  /**
   * Of the archive. To be called once.
   *
   * @param lastDaySeconds when its latest day began, seconds since 1970; 0 without any
   */
  public void archive(LongSupplier lastDaySeconds) {
    gauge(Metric.ARCHIVE_LAST_DAY, lastDaySeconds);
  }

  /**
   * Of the rounds of the archive. To be called once.
   *
   * @param completedSeconds when one was last complete, seconds since 1970; 0 before any
   */
  public void rounds(LongSupplier completedSeconds) {
    gauge(Metric.ROUND_COMPLETED, completedSeconds);
  }

  private void gauge(Metric metric, LongSupplier value) {
    var _ =
        Gauge.builder(metric.id(), value, LongSupplier::getAsLong)
            .description(metric.meaning())
            // The registry holds what it is given weakly.
            .strongReference(true)
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

  /** Of what removes rows that are too old. To be asked for once. */
  public RetentionMetrics retention() {
    Map<Kind, Counter> removed = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      removed.put(
          kind,
          Counter.builder(Metric.RETENTION_REMOVED.id())
              .description(Metric.RETENTION_REMOVED.meaning())
              .tag("kind", kind.word())
              .register(registry));
    }
    Counter failed = counter(Metric.RETENTION_FAILED);
    AtomicLong lastRun = gauge(Metric.RETENTION_LAST_RUN);
    return new RetentionMetrics() {
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
    };
  }

  /** Of the roll-ups. To be asked for once. */
  public RollupMetrics rollups() {
    Counter transactions = counter(Metric.ROLLUP_TRANSACTIONS);
    Counter failed = counter(Metric.ROLLUP_FAILED);
    Timer time = timer(Metric.ROLLUP_TIME);
    Map<String, AtomicLong> lagMs = new ConcurrentHashMap<>();
    AtomicLong features = new AtomicLong();
    var _ =
        Gauge.builder(Metric.FEATURES_TIMESTAMP.id(), features, seconds -> (double) seconds.get())
            .description(Metric.FEATURES_TIMESTAMP.meaning())
            .strongReference(true)
            .register(registry);
    return new RollupMetrics() {
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
          lagMs
              .computeIfAbsent(state.name(), this::gaugeOf)
              .set(Math.round(state.lagSeconds() * 1000));
        }
      }

      private AtomicLong gaugeOf(String rollup) {
        AtomicLong ms = new AtomicLong();
        var _ =
            Gauge.builder(Metric.ROLLUP_LAG.id(), ms, value -> value.get() / 1000.0)
                .description(Metric.ROLLUP_LAG.meaning())
                .tags(Tags.of("rollup", rollup))
                // The registry holds what it is given weakly.
                .strongReference(true)
                .register(registry);
        return ms;
      }
    };
  }

  /** Of sales metrics. To be asked for once, where they are published. */
  public SalesMetricsReport salesMetrics() {
    Counter records = counter(Metric.SALES_METRICS_RECORDS);
    Counter failed = counter(Metric.SALES_METRICS_FAILED);
    AtomicLong waitingMs = new AtomicLong();
    var _ =
        Gauge.builder(Metric.SALES_METRICS_WAITING.id(), waitingMs, value -> value.get() / 1000.0)
            .description(Metric.SALES_METRICS_WAITING.meaning())
            .strongReference(true)
            .register(registry);
    return new SalesMetricsReport() {
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
    };
  }

  /**
   * Of questions over much data. To be asked for once.
   *
   * @param hasReplica whether there is anything to say of one
   */
  public AnalysisMetrics analysis(boolean hasReplica) {
    Timer time = timer(Metric.ANALYSIS_TIME);
    AtomicReference<Double> lagSeconds = new AtomicReference<>(Double.NaN);
    AtomicReference<Double> lagBytes = new AtomicReference<>(Double.NaN);
    AtomicReference<Double> usable = new AtomicReference<>(0.0);
    if (hasReplica) {
      gauge(Metric.REPLICA_LAG, lagSeconds);
      gauge(Metric.REPLICA_LAG_BYTES, lagBytes);
      gauge(Metric.REPLICA_USABLE, usable);
    }
    return new AnalysisMetrics() {
      @Override
      public void answered(String report, String source, Duration took) {
        answers(report, source).increment();
        time.record(took);
      }

      @Override
      public void refused(String report) {
        answers(report, "refused").increment();
      }

      private Counter answers(String report, String source) {
        return Counter.builder(Metric.ANALYSIS_ANSWERS.id())
            .description(Metric.ANALYSIS_ANSWERS.meaning())
            .tags(Tags.of("report", report, "source", source))
            .register(registry);
      }

      @Override
      public void replica(ReplicaStatus status) {
        lagSeconds.set(status.lagMs() == null ? Double.NaN : status.lagMs() / 1000.0);
        lagBytes.set(status.lagBytes() == null ? Double.NaN : status.lagBytes().doubleValue());
        usable.set(status.usable() ? 1.0 : 0.0);
      }
    };
  }

  private void gauge(Metric metric, AtomicReference<Double> value) {
    var _ =
        Gauge.builder(metric.id(), value, AtomicReference::get)
            .description(metric.meaning())
            .strongReference(true)
            .register(registry);
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
    return gauge(metric, Tags.empty());
  }

  private AtomicLong gauge(Metric metric, Tags tags) {
    AtomicLong value = new AtomicLong();
    var _ =
        Gauge.builder(metric.id(), value, AtomicLong::get)
            .description(metric.meaning())
            .tags(tags)
            // The registry holds what it is given weakly.
            .strongReference(true)
            .register(registry);
    return value;
  }

  /** Lets go of what it watches. */
  @Override
  public void close() {
    kafkaClients.close();
    collections.close();
    registry.close();
  }
}
