package io.spendwatch.ops.storage.rollups;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the roll-ups of a node's database, and users' features, again and again, within a part of
 * the time that is bounded: what is left, a later look does, of whichever node. Each node tries;
 * one of them is at it. A failure is no harm. Thread-safe.
 */
public final class RollupsJob {
  private static final Logger LOG = LoggerFactory.getLogger(RollupsJob.class);

  /** Longer than building one may take. */
  private static final Duration LOOK_MAX = Duration.ofHours(6);

  private static final Duration LAG_INTERVAL = Duration.ofSeconds(5);

  private final Rollups rollups;
  private final UserFeatures features;
  private final RollupsConfig config;
  private final RollupMetrics metrics;
  private final Supplier<List<PartitionStatus>> partitions;
  private final Timekeeper time;
  private final Looks keeping;
  private final Looks computing;

  /**
   * @param partitions that this node consumes now; cheap
   */
  public RollupsJob(
      Rollups rollups,
      UserFeatures features,
      RollupsConfig config,
      RollupMetrics metrics,
      Supplier<List<PartitionStatus>> partitions,
      Timekeeper time) {
    this.rollups = rollups;
    this.features = features;
    this.config = config;
    this.metrics = metrics;
    this.partitions = partitions;
    this.time = time;
    this.keeping =
        new Looks("The roll-ups could not be kept; the next look goes on from there", this::keep);
    this.computing =
        new Looks(
            "Users' features could not be computed; the next look goes on from there",
            features::compute);
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
            keeping::look),
        PeriodicWork.start(
            system,
            "The look whether users' features are due",
            config.features().interval(),
            config.features().interval(),
            LOOK_MAX,
            computing::look),
        PeriodicWork.start(
            system,
            "The look how far the roll-ups are",
            Duration.ZERO,
            LAG_INTERVAL,
            Duration.ofMinutes(1),
            () -> apart(this::tell)));
  }

  private void tell() {
    metrics.lag(rollups.states());
    features.newest().ifPresent(metrics::featuresAsOf);
  }

  private boolean keep(BooleanSupplier goesOn) {
    long startedNanos = time.nanoTime();
    Rollups.Added added = rollups.keep(goesOn);
    if (added.transactions() + added.alerts() > 0) {
      metrics.kept(added, Duration.ofNanos(time.nanoTime() - startedNanos));
    }
    return added.isAll();
  }

  /** For one kind of work. They come one after the other. */
  private final class Looks {
    private final String failure;
    private final Predicate<BooleanSupplier> work;
    private final Pace pace = new Pace(config, time.nanoTime());
    private String lastReason = "";

    /**
     * @param failure what is logged of one
     * @param work asks whether it may go on, and answers whether it has left nothing
     */
    Looks(String failure, Predicate<BooleanSupplier> work) {
      this.failure = failure;
      this.work = work;
    }

    CompletionStage<Done> look() {
      return pace.isDue(partitions.get(), time.nanoTime(), time.millis())
          ? apart(this::work)
          : CompletableFuture.completedFuture(Done.done());
    }

    private void work() {
      long startedNanos = time.nanoTime();
      pace.begins(partitions.get(), startedNanos);
      boolean foundAll = false;
      try {
        foundAll = work.test(() -> time.nanoTime() - startedNanos < config.busyMax().toNanos());
        lastReason = "";
      } catch (OperatorException e) {
        metrics.failed();
        // Once per reason: it comes again with each look.
        if (!lastReason.equals(e.getMessage())) {
          lastReason = e.getMessage();
          LOG.atWarn().addKeyValue("reason", e.getMessage()).log(failure);
        }
      } finally {
        pace.ended(foundAll, time.nanoTime());
      }
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
