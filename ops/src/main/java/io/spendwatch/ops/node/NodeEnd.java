package io.spendwatch.ops.node;

import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;

/** How a node comes to its end, and why. Thread-safe. */
final class NodeEnd {
  private final CoordinatedShutdown shutdown;

  /** What cannot be mended but by a new process has ended. */
  private record PartDied(String what) implements CoordinatedShutdown.Reason {}

  NodeEnd(ActorSystem<?> system) {
    this.shutdown = CoordinatedShutdown.get(system);
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
