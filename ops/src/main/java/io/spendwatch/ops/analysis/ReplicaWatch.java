package io.spendwatch.ops.analysis;

import io.spendwatch.ops.analysis.Replica.Standing;
import io.spendwatch.ops.status.ReplicaStatus;
import io.spendwatch.streams.base.PeriodicWork;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks every second how a node's replica stands. Thread-safe; blocks nobody. */
public final class ReplicaWatch {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaWatch.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration LOOK_MAX = Duration.ofMinutes(1);

  private final Replica replica;
  private final Duration lagMax;
  private final AnalysisMetrics metrics;
  private volatile Optional<ReplicaStatus> last = Optional.empty();

  /**
   * @param lagMax beyond which it is said to stand still
   */
  public ReplicaWatch(Replica replica, Duration lagMax, AnalysisMetrics metrics) {
    this.replica = replica;
    this.lagMax = lagMax;
    this.metrics = metrics;
  }

  /** Looks now and again, until cancelled. */
  public Cancellable start(ActorSystem<?> system) {
    return PeriodicWork.start(
        system, "The look at the replica", Duration.ZERO, INTERVAL, LOOK_MAX, this::look);
  }

  /** As it was moments ago; null before the first look. */
  public ReplicaStatus last() {
    return last.orElse(null);
  }

  private CompletionStage<Done> look() {
    return replica
        .look()
        .thenApply(
            standing -> {
              ReplicaStatus status = status(standing, lagMax);
              tellChange(status);
              last = Optional.of(status);
              metrics.replica(status);
              return Done.done();
            });
  }

  /** Once for each change: it is looked at every second. */
  private void tellChange(ReplicaStatus status) {
    boolean wasWell = last.map(ReplicaWatch::isWell).orElse(true);
    if (wasWell && !isWell(status)) {
      LOG.atWarn()
          .addKeyValue("reason", status.trouble())
          .log("The replica is not asked; questions go to the primary, or are refused");
    } else if (!wasWell && isWell(status)) {
      LOG.info("The replica is asked again");
    }
  }

  private static boolean isWell(ReplicaStatus status) {
    return status.trouble() == null;
  }

  static ReplicaStatus status(Standing standing, Duration lagMax) {
    return switch (standing) {
      case Standing.Follows follows ->
          new ReplicaStatus(
              follows.lag().compareTo(lagMax) <= 0,
              follows.lag().toMillis(),
              follows.lagBytes(),
              follows.asOf(),
              follows.lag().compareTo(lagMax) <= 0
                  ? null
                  : follows.isPaused() ? "its replay is paused" : "it is too far behind");
      case Standing.Unusable unusable ->
          new ReplicaStatus(false, null, null, null, unusable.reason());
    };
  }
}
