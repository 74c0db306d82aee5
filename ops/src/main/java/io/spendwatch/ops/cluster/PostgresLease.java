package io.spendwatch.ops.cluster;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Statements;
import io.vertx.pgclient.data.Interval;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.ClusterEvent;
import org.apache.pekko.cluster.Member;
import org.apache.pekko.coordination.lease.LeaseSettings;
import org.apache.pekko.coordination.lease.javadsl.Lease;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may go on when nodes lose each other: whoever PostgreSQL grants it to. Any number of nodes
 * may be lost so, one of two included.
 *
 * <p>While PostgreSQL is away the question stays open: nodes that wait for the same database have
 * no reason to end for it. One that was cut off from it, and asks late, is refused if others have
 * been granted the lease meanwhile. So is one that those others gave up, however late it notices:
 * each grant notes whom it costs their membership. Thread-safe.
 */
public final class PostgresLease extends Lease {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresLease.class);

  private final LeaseSettings settings;
  private final ExtendedActorSystem system;
  private final Statements database;
  private final Duration held;
  private final BackOff pauses;
  private final Timekeeper time = Timekeeper.real(InstantSource.system());

  /** Called by name. */
  public PostgresLease(LeaseSettings settings, ExtendedActorSystem system) {
    this.settings = settings;
    this.system = system;
    this.database = SharedDatabase.of(system);
    Config config = system.settings().config();
    this.held = ClusterConfig.from(config).lease();
    this.pauses = BackOff.from(ConfigSection.of(config, "spendwatch.postgres.retry"));
  }

  @Override
  public LeaseSettings getSettings() {
    return settings;
  }

  @Override
  public CompletionStage<Boolean> acquire() {
    long askedNanos = time.nanoTime();
    // Not before: this is made while the cluster is.
    Cluster cluster = Cluster.get(system);
    String self = told(cluster.selfMember());
    String[] lost = lost(cluster.state());
    return Retry.start(
        () -> ask(self, lost, Duration.ofNanos(time.nanoTime() - askedNanos)),
        pauses,
        time,
        _ -> true,
        () -> true,
        new Retry.Listener() {
          @Override
          public void failed(Throwable cause, int failures) {
            if (failures == 1) {
              LOG.warn("Lost nodes stay members for the time being: {}", cause.getMessage());
            }
          }

          @Override
          public void recovered(int failures) {
            LOG.info("What becomes of lost nodes is decided after {} failed tries", failures);
          }
        });
  }

  /** The lease cannot be lost before its time is over. */
  @Override
  public CompletionStage<Boolean> acquire(Consumer<Optional<Throwable>> lost) {
    return acquire();
  }

  /** It runs out by itself, so that a side that comes back later finds that it was granted. */
  @Override
  public CompletionStage<Boolean> release() {
    return CompletableFuture.completedFuture(true);
  }

  /** Never: each decision asks, so that whom it gives up is noted. */
  @Override
  public boolean checkLease() {
    return false;
  }

  private CompletionStage<Boolean> ask(String self, String[] lost, Duration waited) {
    return database
        .read(
            "SELECT spendwatch.acquire_cluster_lease($1, $2, $3, $4, $5, $6)",
            Tuple.of(
                settings.leaseName(),
                settings.ownerName(),
                self,
                lost,
                Interval.of(held),
                Interval.of(waited)))
        .thenApply(rows -> rows.iterator().next().getBoolean(0));
  }

  private static String[] lost(ClusterEvent.CurrentClusterState state) {
    return StreamSupport.stream(state.getUnreachable().spliterator(), false)
        .map(PostgresLease::told)
        .toArray(String[]::new);
  }

  /** One life of a node: the address alone may be another's before and after. */
  private static String told(Member member) {
    return member.address() + "#" + member.uniqueAddress().longUid();
  }
}
