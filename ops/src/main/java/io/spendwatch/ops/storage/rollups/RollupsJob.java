package io.spendwatch.ops.storage.rollups;

import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the roll-ups of a node's database, again and again, within a part of the time that is
 * bounded: what is left, a later look does, of whichever node. Each node tries; one of them is at
 * it. A failure is no harm. Thread-safe.
 */
public final class RollupsJob {
  private static final Logger LOG = LoggerFactory.getLogger(RollupsJob.class);

  /** Longer than building one may take. */
  private static final Duration LOOK_MAX = Duration.ofHours(6);

  private static final Duration LAG_INTERVAL = Duration.ofSeconds(5);

  private final Rollups rollups;
  private final RollupsConfig config;
  private final RollupMetrics metrics;
  private final Supplier<List<PartitionStatus>> partitions;
  private final Timekeeper time;

  /** Of one look at a time. */
  private final Pace pace;

  private String lastFailure = "";

  /**
   * @param partitions that this node consumes now; cheap
   */
  public RollupsJob(
      Rollups rollups,
      RollupsConfig config,
      RollupMetrics metrics,
      Supplier<List<PartitionStatus>> partitions,
      Timekeeper time) {
    this.rollups = rollups;
    this.config = config;
    this.metrics = metrics;
    this.partitions = partitions;
    this.time = time;
    this.pace = new Pace(config, time.nanoTime());
  }

  /** Looks now and again, until cancelled. */
  public List<Cancellable> start(ActorSystem<?> system) {
    return List.of(
        PeriodicWork.start(
            system,
            "The look for what the roll-ups lack",
            Duration.ZERO,
            config.interval(),
            LOOK_MAX,
            this::look),
        PeriodicWork.start(
            system,
            "The look how far the roll-ups are",
            Duration.ZERO,
            LAG_INTERVAL,
            Duration.ofMinutes(1),
            () -> apart(() -> metrics.lag(rollups.states()))));
  }

  private CompletionStage<Done> look() {
    return pace.isDue(partitions.get(), time.nanoTime())
        ? apart(this::keep)
        : CompletableFuture.completedFuture(Done.done());
  }

  private void keep() {
    long startedNanos = time.nanoTime();
    pace.begins(partitions.get(), startedNanos);
    boolean foundAll = false;
    try {
      Rollups.Added added =
          rollups.keep(() -> time.nanoTime() - startedNanos < config.busyMax().toNanos());
      foundAll = added.isAll();
      if (added.transactions() + added.alerts() > 0) {
        metrics.kept(added, Duration.ofNanos(time.nanoTime() - startedNanos));
      }
      lastFailure = "";
    } catch (OperatorException e) {
      metrics.failed();
      // Once per reason: it comes again with each look.
      if (!lastFailure.equals(e.getMessage())) {
        lastFailure = e.getMessage();
        LOG.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("The roll-ups could not be kept; the next look goes on from there");
      }
    } finally {
      pace.ended(foundAll, partitions.get(), time.nanoTime(), time.millis());
    }
  }

  /** It waits for its statements: on a thread that nobody else waits for. */
  private static CompletionStage<Done> apart(Runnable work) {
    return CompletableFuture.supplyAsync(
        () -> {
          work.run();
          return Done.done();
        },
        run -> Thread.ofVirtual().name("rollups").start(run));
  }
}
