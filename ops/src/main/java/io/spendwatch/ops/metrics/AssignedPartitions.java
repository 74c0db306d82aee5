package io.spendwatch.ops.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.life.PartitionStatus.State;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * How the partitions are that a node consumes, as they are when it is asked: they come and go, and
 * a series of one that is gone would say something that nobody knows. All of one answer are of one
 * moment. Thread-safe.
 */
final class AssignedPartitions implements MultiCollector {
  private final Supplier<List<PartitionStatus>> partitions;
  private final String transactionsTopic;
  private final InstantSource clock;

  /**
   * @param partitions that are assigned now; cheap
   */
  AssignedPartitions(
      Supplier<List<PartitionStatus>> partitions, String transactionsTopic, InstantSource clock) {
    this.partitions = partitions;
    this.transactionsTopic = transactionsTopic;
    this.clock = clock;
  }

  @Override
  public MetricSnapshots collect() {
    long nowMs = clock.millis();
    GaugeSnapshot.Builder records = gauge(Metric.LAG_RECORDS);
    GaugeSnapshot.Builder seconds = gauge(Metric.LAG_SECONDS);
    GaugeSnapshot.Builder states = gauge(Metric.PARTITION_STATE);
    long users = 0;
    long bytes = 0;
    for (PartitionStatus partition : partitions.get()) {
      Labels place =
          Labels.of(
              "topic", partition.topic(), "partition", Integer.toString(partition.partition()));
      if (partition.lagRecords() >= 0) {
        records.dataPoint(point(place, (double) partition.lagRecords()));
      }
      long lagMs = partition.lagMs(nowMs);
      if (lagMs >= 0) {
        seconds.dataPoint(point(place, lagMs / 1000.0));
      }
      users += partition.usersAwake();
      bytes += partition.usersAwakeBytes();
      if (partition.topic().equals(transactionsTopic)) {
        addStates(states, partition);
      }
    }
    return MetricSnapshots.of(
        records.build(),
        seconds.build(),
        states.build(),
        gauge(Metric.USERS_AWAKE).dataPoint(point(Labels.EMPTY, (double) users)).build(),
        gauge(Metric.USERS_AWAKE_BYTES).dataPoint(point(Labels.EMPTY, (double) bytes)).build());
  }

  private static void addStates(GaugeSnapshot.Builder states, PartitionStatus partition) {
    for (State state : State.values()) {
      Labels labels =
          Labels.of(
              "partition",
              Integer.toString(partition.partition()),
              "state",
              state.name().toLowerCase(Locale.ROOT));
      states.dataPoint(point(labels, partition.state() == state ? 1 : 0));
    }
  }

  private static GaugeSnapshot.Builder gauge(Metric metric) {
    return GaugeSnapshot.builder().name(metric.prometheusName()).help(metric.meaning());
  }

  private static GaugeDataPointSnapshot point(Labels labels, double value) {
    return GaugeDataPointSnapshot.builder().labels(labels).value(value).build();
  }
}
