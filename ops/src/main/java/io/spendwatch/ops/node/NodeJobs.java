package io.spendwatch.ops.node;

import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.analysis.Replica;
import io.spendwatch.ops.analysis.ReplicaWatch;
import io.spendwatch.ops.audit.ReconciliationJob;
import io.spendwatch.ops.logging.LogLevels;
import io.spendwatch.ops.rounds.RoundsWatch;
import io.spendwatch.ops.salesmetrics.SalesMetricsConfig;
import io.spendwatch.ops.salesmetrics.SalesMetricsJob;
import io.spendwatch.ops.salesmetrics.SalesMetricsPublisher;
import io.spendwatch.ops.status.ArchiveWatch;
import io.spendwatch.ops.status.OpenLosses;
import io.spendwatch.ops.storage.retention.OldRows;
import io.spendwatch.ops.storage.rollups.Rollups;
import io.spendwatch.ops.storage.rollups.RollupsJob;
import io.spendwatch.ops.storage.rollups.UserFeatures;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance;
import io.spendwatch.ops.storage.tablepartitions.PartitionsConfig;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.pipeline.Pipelines;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.Cancellable;

/**
 * What a node does by itself, again and again, beside deciding: it looks at what its status shows,
 * keeps tables and roll-ups, audits, archives. For the thread that starts the node.
 */
final class NodeJobs {
  private final Foundation on;
  private final StatusSource status;
  private final Pipelines pipelines;
  private final List<Cancellable> started = new ArrayList<>();

  NodeJobs(Foundation on, StatusSource status, Pipelines pipelines) {
    this.on = on;
    this.status = status;
    this.pipelines = pipelines;
  }

  /** Starts all of them; to be called once. Whoever asked ends them. */
  List<Cancellable> start(ReconciliationJob audit, AnalysisMetrics analysis) {
    started.add(StartedSettings.start(on));
    watchLosses();
    watchArchive();
    PartitionMaintenance retention = keepPartitions();
    dropOldRows();
    var features =
        new UserFeatures(on.databases().rollups(), on.configuration().rollups().features());
    keepRollups(features);
    publishSalesMetrics();
    watchReplica(analysis);
    status.audited(audit::last);
    started.add(audit.start(on.system()));
    watchRounds();
    archive(audit, features, retention);
    watchDeadLetters();
    on.configuration()
        .log()
        .levelsFile()
        .ifPresent(
            file -> started.add(LogLevels.start(on.system(), file, on.configuration().log())));
    started.add(StateLog.start(on.system(), status));
    return List.copyOf(started);
  }

  private void watchLosses() {
    var losses = new OpenLosses(on.databases().shared());
    status.losses(losses::last);
    started.add(losses.start(on.system()));
  }

  private void watchArchive() {
    var archive = new ArchiveWatch(on.databases().analytics());
    status.archived(archive::last);
    on.metrics().archive(archive::lastDaySeconds);
    started.add(archive.start(on.system()));
  }

  private PartitionMaintenance keepPartitions() {
    PartitionsConfig partitions = on.configuration().partitions();
    var retention =
        new PartitionMaintenance(
            on.databases().shared(),
            on.databases().owners().map(Statements.class::cast),
            partitions.retention(),
            partitions.merging(),
            on.clock(),
            on.metrics().partitions());
    started.add(
        (ArchiveRounds.isOn(on.configuration()) ? retention.withoutRemoval() : retention)
            .start(on.system(), partitions.interval()));
    return retention;
  }

  private void dropOldRows() {
    on.databases()
        .owners()
        .ifPresent(
            owner ->
                started.add(
                    new OldRows(
                            owner,
                            on.configuration().retention(),
                            on.clock(),
                            on.metrics().retention())
                        .start(on.system(), on.configuration().partitions().interval())));
  }

  private void keepRollups(UserFeatures features) {
    started.addAll(
        new RollupsJob(
                new Rollups(on.databases().rollups(), on.configuration().rollups().rowsAtOnce()),
                features,
                on.configuration().rollups(),
                on.metrics().rollups(),
                () -> pipelines.status().partitions(),
                Timekeeper.real(on.clock()))
            .start(on.system()));
  }

  private void publishSalesMetrics() {
    SalesMetricsConfig config = on.configuration().salesMetrics();
    if (config.isEnabled()) {
      started.add(
          new SalesMetricsJob(
                  new SalesMetricsPublisher(
                      on.databases().rollups(), on.configuration().streams().kafka(), config),
                  config,
                  on.metrics().salesMetrics(),
                  Timekeeper.real(on.clock()))
              .start(on.system()));
    }
  }

  private void watchReplica(AnalysisMetrics analysis) {
    on.databases()
        .replica()
        .map(
            there ->
                new ReplicaWatch(
                    new Replica(there, on.databases().analytics()),
                    on.configuration().analysis().replicaLagMax(),
                    analysis))
        .ifPresent(
            watch -> {
              status.replica(watch::last);
              started.add(watch.start(on.system()));
            });
  }

  private void watchRounds() {
    var rounds =
        new RoundsWatch(on.databases().analytics(), on.configuration().archive().rounds().every());
    status.rounds(rounds::last);
    on.metrics().rounds(rounds::completedSeconds);
    started.add(rounds.start(on.system()));
  }

  private void archive(
      ReconciliationJob audit, UserFeatures features, PartitionMaintenance retention) {
    ArchiveRounds.of(
            on.configuration(),
            on.databases().shared(),
            audit,
            features,
            on.configuration().partitions().retention().map(_ -> retention),
            on.clock())
        .ifPresent(
            job -> {
              ArchiveRounds.endWith(job, on.system());
              started.add(job.start(on.system()));
            });
  }

  private void watchDeadLetters() {
    var deadLetters =
        new DeadLetterWatch(
            () -> pipelines.status().partitions(),
            on.metrics().deadLetterUsers()::takeAbove,
            on.configuration().deadLetters());
    status.deadLetters(deadLetters::floods);
    on.metrics().usersWithManyDeadLetters(deadLetters::usersAbove);
    started.add(deadLetters.start(on.system()));
  }
}
