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
import org.apache.pekko.actor.ExtendedActorSystem;
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
 * been granted the lease meanwhile. Thread-safe.
 */
public final class PostgresLease extends Lease {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresLease.class);

  private final LeaseSettings settings;
  private final Statements database;
  private final Duration held;
  private final BackOff pauses;
  private final Timekeeper time = Timekeeper.real(InstantSource.system());
  private volatile long grantedNanos;
  private volatile boolean granted;

  /** Called by name. */
  public PostgresLease(LeaseSettings settings, ExtendedActorSystem system) {
    this.settings = settings;
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
    return Retry.start(
            () -> ask(Duration.ofNanos(time.nanoTime() - askedNanos)),
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
            })
        .whenComplete(
            (answer, _) -> {
              grantedNanos = time.nanoTime();
              granted = Boolean.TRUE.equals(answer);
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
    granted = false;
    return CompletableFuture.completedFuture(true);
  }

  @Override
  public boolean checkLease() {
    return granted && time.nanoTime() - grantedNanos < held.toNanos();
  }

  private CompletionStage<Boolean> ask(Duration waited) {
    return database
        .read(
            "SELECT spendwatch.acquire_cluster_lease($1, $2, $3, $4)",
            Tuple.of(
                settings.leaseName(), settings.ownerName(), Interval.of(held), Interval.of(waited)))
        .thenApply(rows -> rows.iterator().next().getBoolean(0));
  }
}
