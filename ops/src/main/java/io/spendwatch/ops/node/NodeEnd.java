package io.spendwatch.ops.node;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a node comes to its end, and why. Thread-safe. */
final class NodeEnd {
  private static final Logger LOG = LoggerFactory.getLogger(NodeEnd.class);

  private final ActorSystem<?> system;
  private final CoordinatedShutdown shutdown;
  private final CompletableFuture<Done> ended = new CompletableFuture<>();

  /** What cannot be mended but by a new process has ended. */
  private record PartDied(String what) implements CoordinatedShutdown.Reason {}

  NodeEnd(ActorSystem<?> system) {
    this.system = system;
    this.shutdown = CoordinatedShutdown.get(system);
    var _ = system.getWhenTerminated().thenAccept(ended::complete);
    shutdown.addTask(
        CoordinatedShutdown.PhaseActorSystemTerminate(),
        "bound-the-rest",
        () -> {
          boundTheRest();
          return CompletableFuture.completedFuture(Done.done());
        });
  }

  /**
   * Completes when the actor system has terminated; at the latest, the time-out of the phase {@code
   * actor-system-terminate} after all else has closed. Remoting waits without a bound for its
   * streams to other nodes (pekko#3247), and one with TLS may never end where both of its ends
   * close at once: a process that has left must not stay for that.
   */
  CompletionStage<Done> ended() {
    return ended.minimalCompletionStage();
  }

  private void boundTheRest() {
    Duration most =
        Duration.ofNanos(
            shutdown.timeout(CoordinatedShutdown.PhaseActorSystemTerminate()).toNanos());
    CompletableFuture.delayedExecutor(most.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (!ended.isDone()) {
                LOG.atWarn()
                    .addKeyValue("ms", most.toMillis())
                    .addKeyValue("alive", alive())
                    .log("The actor system does not terminate; all else has closed, so it is left");
                ended.complete(Done.done());
              }
            });
  }

  /** The actors that are left, as a tree. */
  private String alive() {
    return ((ExtendedActorSystem) Adapter.toClassic(system)).printTree();
  }

  /** Drains and ends. */
  CompletionStage<Done> stop() {
    return shutdown.runAll(CoordinatedShutdown.actorSystemTerminateReason());
  }

  /** Ends the node when a part has died without which it is none; the stage says what it was. */
  void with(CompletionStage<String> died) {
    var _ =
        died.thenAccept(
            what -> {
              var _ = shutdown.runAll(new PartDied(what));
            });
  }

  /** Whether somebody wanted it: a signal, or {@link #stop()}. */
  boolean wasToldTo() {
    return isReason(CoordinatedShutdown.jvmExitReason())
        || isReason(CoordinatedShutdown.actorSystemTerminateReason());
  }

  /** Why it ended without being told to, in one line for people. */
  String why() {
    if (isReason(CoordinatedShutdown.clusterDowningReason())) {
      return "the cluster has taken this node out, because it was out of reach: start it again";
    }
    if (isReason(CoordinatedShutdown.clusterJoinUnsuccessfulReason())) {
      return "the nodes of the cluster that was found have not let this one in: start it again";
    }
    if (isReason(CoordinatedShutdown.incompatibleConfigurationDetectedReason())) {
      return "the cluster does not take this node, whose settings of pekko.cluster are different:"
          + " its log says which";
    }
    return shutdown
        .getShutdownReason()
        .filter(PartDied.class::isInstance)
        .map(reason -> ((PartDied) reason).what())
        .orElse("the node has ended by itself: its log says why");
  }

  private boolean isReason(CoordinatedShutdown.Reason reason) {
    return shutdown.getShutdownReason().filter(reason::equals).isPresent();
  }
}
