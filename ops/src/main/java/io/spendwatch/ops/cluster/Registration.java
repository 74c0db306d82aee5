package io.spendwatch.ops.cluster;

import io.spendwatch.ops.cluster.ClusterConfig.RegistrationConfig;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Retry;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node's entry in table {@code nodes} alive, so that others find it. A renewal that
 * fails or takes too long is no harm: the next one makes up for it. Thread-safe.
 */
final class Registration {
  private static final Logger LOG = LoggerFactory.getLogger(Registration.class);

  private final NodesTable nodes;
  private final NodesTable.Entry entry;
  private final RegistrationConfig config;
  private Cancellable renewals = Cancellable.alreadyCancelled();
  private CompletionStage<Void> last = CompletableFuture.completedFuture(null);
  private boolean failing;

  Registration(NodesTable nodes, NodesTable.Entry entry, RegistrationConfig config) {
    this.nodes = nodes;
    this.entry = entry;
    this.config = config;
  }

  /**
   * Registers, and renews from then on.
   *
   * @return completes after the first attempt, whether it has succeeded or not
   */
  synchronized CompletionStage<Void> start(ActorSystem<?> system) {
    CompletionStage<Void> first = renew();
    renewals =
        PeriodicWork.start(
            system,
            "The renewal of this node's entry",
            config.interval(),
            config.interval(),
            config.expiry(),
            this::renewUnlessUnderWay);
    return first;
  }

  /** Ends the renewals and removes the entry. */
  synchronized CompletionStage<Done> withdraw() {
    renewals.cancel();
    // Not before a renewal that is under way, which would bring the entry back.
    return last.thenCompose(_ -> nodes.remove(entry)).thenApply(_ -> Done.done());
  }

  private synchronized CompletionStage<Void> renewUnlessUnderWay() {
    return last.toCompletableFuture().isDone() ? renew() : last;
  }

  private CompletionStage<Void> renew() {
    last =
        nodes
            .register(entry, config.expiry())
            .toCompletableFuture()
            // A dead connection must not take all the time that the entry is good for.
            .orTimeout(config.expiry().dividedBy(2).toMillis(), TimeUnit.MILLISECONDS)
            .handle(
                (_, failure) -> {
                  report(failure);
                  return null;
                });
    return last;
  }

  private synchronized void report(Throwable failure) {
    if (failure != null && !failing) {
      LOG.warn("Other nodes may not find this one: {}", Retry.reason(failure));
    } else if (failure == null && failing) {
      LOG.info("Other nodes find this one again");
    }
    failing = failure != null;
  }
}
