package io.spendwatch.ops.node;

import io.spendwatch.ops.cluster.Membership;
import io.spendwatch.ops.events.EventHub;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.pipeline.Pipelines;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way out: stop consuming and drain, hand over the shards, leave the cluster, close the rest.
 * One step after the other, each bounded by its phase of {@code pekko.coordinated-shutdown}, each
 * with a line in the log that says how long it took.
 */
final class Departure {
  private static final Logger LOG = LoggerFactory.getLogger(Departure.class);

  private final CoordinatedShutdown shutdown;

  Departure(ActorSystem<?> system) {
    this.shutdown = CoordinatedShutdown.get(system);
  }

  /** To be called once, when all of it has started. */
  void arrange(
      StatusSource status,
      Membership membership,
      EventHub events,
      Pipelines pipelines,
      List<Cancellable> periodic,
      List<Database> databases) {
    in(
        CoordinatedShutdown.PhaseBeforeServiceUnbind(),
        "announce",
        () -> {
          LOG.atInfo()
              .addKeyValue("reason", reason())
              .log("Leaving: stops consuming, and drains what is in flight");
          status.draining();
          periodic.forEach(Cancellable::cancel);
          events.drain();
          return done();
        });
    // Beside the draining, which it has nothing to do with and which may need the time.
    in(
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "withdraw",
        () -> membership.withdraw().exceptionally(_ -> Done.done()));
    in(
        CoordinatedShutdown.PhaseServiceRequestsDone(),
        "drain-pipelines",
        () -> {
          long startedNanos = System.nanoTime();
          return pipelines
              .drainAndStop()
              .whenComplete(
                  (_, failure) ->
                      finished(
                          failure == null ? "Drained" : "Not drained: " + failure.getMessage(),
                          startedNanos));
        });
    between(
        CoordinatedShutdown.PhaseClusterShardingShutdownRegion(),
        CoordinatedShutdown.PhaseClusterLeave(),
        "Shards handed over");
    between(
        CoordinatedShutdown.PhaseClusterLeave(),
        CoordinatedShutdown.PhaseClusterShutdown(),
        "Left the cluster");
    in(
        CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
        "close-databases",
        () ->
            CompletableFuture.allOf(
                    databases.stream()
                        .map(database -> database.close().toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new))
                .thenApply(_ -> Done.done()));
  }

  /** The work of a phase is Pekko's own: ours is to look at the clock before and after. */
  private void between(String phase, String next, String message) {
    var started = new CompletableFuture<Long>();
    in(
        phase,
        "begin: " + message,
        () -> {
          started.complete(System.nanoTime());
          return done();
        });
    in(
        next,
        "end: " + message,
        () -> {
          var _ = started.thenAccept(startedNanos -> finished(message, startedNanos));
          return done();
        });
  }

  private void in(String phase, String name, Supplier<CompletionStage<Done>> task) {
    shutdown.addTask(phase, name, task);
  }

  private String reason() {
    return shutdown
        .getShutdownReason()
        .map(reason -> reason.getClass().getSimpleName().replaceAll("(Reason)?\\$?$", ""))
        .orElse("unknown");
  }

  private static void finished(String message, long startedNanos) {
    LOG.atInfo()
        .addKeyValue("ms", Duration.ofNanos(System.nanoTime() - startedNanos).toMillis())
        .log(message);
  }

  private static CompletionStage<Done> done() {
    return CompletableFuture.completedFuture(Done.done());
  }
}
