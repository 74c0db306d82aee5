package io.spendwatch.ops.node;

import io.spendwatch.ops.status.NodeStatus.NodeInfo;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.streams.base.PeriodicWork;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes one line whenever the node begins or ceases to be ready, with the reason. */
final class StateLog {
  private static final Logger LOG = LoggerFactory.getLogger(StateLog.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  private final StatusSource status;
  private State lastState;
  private List<String> lastWaitingFor = List.of();

  private StateLog(StatusSource status) {
    this.status = status;
  }

  /** Looks every second until cancelled. */
  static Cancellable start(ActorSystem<?> system, StatusSource status) {
    var log = new StateLog(status);
    return PeriodicWork.start(
        system,
        "The look at the node's state",
        INTERVAL,
        INTERVAL,
        INTERVAL,
        () -> {
          log.look();
          return CompletableFuture.completedFuture(null);
        });
  }

  /** Runs are apart by the interval: never two at a time. */
  private synchronized void look() {
    NodeInfo node = status.now().node();
    if (node.state() == lastState && node.waitingFor().equals(lastWaitingFor)) {
      return;
    }
    lastState = node.state();
    lastWaitingFor = node.waitingFor();
    var line = LOG.atInfo().addKeyValue("state", node.state());
    if (!node.waitingFor().isEmpty()) {
      line = line.addKeyValue("waitingFor", String.join("; ", node.waitingFor()));
    }
    line.log("State of the node");
  }
}
