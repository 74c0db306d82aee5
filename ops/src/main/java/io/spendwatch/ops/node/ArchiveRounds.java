package io.spendwatch.ops.node;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.ReconciliationJob;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.rounds.ArchiveWriter;
import io.spendwatch.ops.rounds.RoundSteps;
import io.spendwatch.ops.rounds.Rounds;
import io.spendwatch.ops.rounds.RoundsJob;
import io.spendwatch.ops.storage.rollups.UserFeatures;
import io.spendwatch.ops.storage.tablepartitions.PartitionMaintenance;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Statements;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;

/** A node's part in the rounds of the archive. Stateless. */
final class ArchiveRounds {
  /** How long a node on its way out waits for the round that it is at to end by itself. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private ArchiveRounds() {}

  /**
   * Refuses to be without what they need.
   *
   * @throws OperatorException if rounds are on and nothing here writes the archive
   */
  static void check(Configuration configuration) {
    if (isOn(configuration) && ArchiveWriter.provider().isEmpty()) {
      throw new OperatorException(
          "configuration: spendwatch.archive.rounds.every is on, and what writes the archive is not on this"
              + " node's class path: `./spendwatch node` of a checkout puts it there where"
              + " SPENDWATCH_ARCHIVE_ROUNDS_EVERY or SPENDWATCH_NODE_READS_ARCHIVE=1 is in its environment; an"
              + " image has none, so run `spendwatch archive run` beside it");
    }
  }

  static boolean isOn(Configuration configuration) {
    return configuration.archive().rounds().every().isPresent();
  }

  /**
   * Those of this node, not begun yet; empty where they are off.
   *
   * @param database may note them
   * @param retention drops what is old; empty where everything is kept
   */
  static Optional<RoundsJob> of(
      Configuration configuration,
      Statements database,
      ReconciliationJob audits,
      UserFeatures features,
      Optional<PartitionMaintenance> retention,
      InstantSource clock) {
    Timekeeper time = Timekeeper.real(clock);
    var parts =
        new RoundSteps.Parts(
            () ->
                ArchiveWriter.provider()
                    .orElseThrow()
                    .open(
                        configuration.archive(),
                        configuration.database(),
                        Optional.of(configuration.streams().kafka()),
                        time),
            true,
            Optional.of(() -> audit(audits)),
            // A share of them: the job that keeps roll-ups does the rest, at its pace.
            _ -> features.compute(() -> false),
            features::newest,
            retention.map(partitions -> partitions::look),
            _ -> {});
    return configuration
        .archive()
        .rounds()
        .every()
        .map(
            every ->
                new RoundsJob(
                    new Rounds(
                        database,
                        configuration.streams().kafka().nodeId(),
                        configuration.archive().rounds(),
                        () -> new RoundSteps(parts),
                        (_, _, _) -> {},
                        time),
                    every,
                    time));
  }

  private static void audit(ReconciliationJob audits) {
    try {
      // Where another one is at work, the next try finds what it has found.
      var _ = audits.runNow(Mode.INCREMENTAL).toCompletableFuture().join();
    } catch (CompletionException e) {
      throw new OperatorException("the audit could not run: " + Retry.reason(e), e);
    }
  }

  /** While connections are still open, so that the next node need not wait until its turn ends. */
  static void endWith(RoundsJob job, ActorSystem<?> system) {
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseServiceRequestsDone(),
            "end-archive-round",
            () ->
                job.ended()
                    .toCompletableFuture()
                    .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                    .exceptionally(_ -> Done.done()));
  }
}
