package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
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
import io.spendwatch.ops.events.EventMetrics;
import io.spendwatch.ops.salesmetrics.SalesMetricsReport;
import io.spendwatch.ops.storage.retention.RetentionMetrics;
import io.spendwatch.ops.storage.rollups.RollupMetrics;
import io.spendwatch.ops.storage.tablepartitions.PartitionMetrics;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.ClientMetrics;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.life.PipelineMetrics;
import java.time.InstantSource;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** A node's metrics, for Prometheus to ask for. Thread-safe. */
public final class Metrics implements AutoCloseable {
  private final DeadLetterUsers deadLetterUsers = new DeadLetterUsers();
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Meters meters = new Meters(registry);
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

  /**
   * Of users with many dead letters. To be called once.
   *
   * @param aboveNormal how many there were within the last interval
   */
  public void usersWithManyDeadLetters(LongSupplier aboveNormal) {
    meters.gauge(Metric.DEAD_LETTER_USERS, Tags.empty(), aboveNormal::getAsLong);
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
    return new AuditMeters(meters);
  }

  /** Of the clients of events. To be asked for once. */
  public EventMetrics events() {
    return new EventMeters(meters);
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
    meters.gauge(Metric.ARCHIVE_LAST_DAY, Tags.empty(), lastDaySeconds::getAsLong);
  }

  /**
   * Of the rounds of the archive. To be called once.
   *
   * @param completedSeconds when one was last complete, seconds since 1970; 0 before any
   */
  public void rounds(LongSupplier completedSeconds) {
    meters.gauge(Metric.ROUND_COMPLETED, Tags.empty(), completedSeconds::getAsLong);
  }

  /** Of what looks after the partitions. To be asked for once. */
  public PartitionMetrics partitions() {
    return new TablePartitionMeters(meters, clock);
  }

  /** Of what removes rows that are too old. To be asked for once. */
  public RetentionMetrics retention() {
    return new RetentionMeters(meters, clock);
  }

  /** Of the roll-ups. To be asked for once. */
  public RollupMetrics rollups() {
    return new RollupMeters(meters);
  }

  /** Of sales metrics. To be asked for once, where they are published. */
  public SalesMetricsReport salesMetrics() {
    return new SalesMeters(meters);
  }

  /**
   * Of questions over much data. To be asked for once.
   *
   * @param hasReplica whether there is anything to say of one
   */
  public AnalysisMetrics analysis(boolean hasReplica) {
    return new AnalysisMeters(meters, hasReplica);
  }

  /** Of rows that cannot be read. To be called once. */
  public void watch(UnreadableRows unreadable) {
    var _ =
        FunctionCounter.builder(Metric.UNREADABLE_ROWS.id(), unreadable, UnreadableRows::found)
            .description(Metric.UNREADABLE_ROWS.meaning())
            .register(registry);
  }

  /** Lets go of what it watches. */
  @Override
  public void close() {
    kafkaClients.close();
    collections.close();
    registry.close();
  }
}
