package io.spendwatch.ops.storage.retention;

import io.spendwatch.ops.storage.retention.RetentionConfig.Kind;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what is older than it is kept: versions of balances, alerts, audits, entries of the
 * operators' trail. What goes and what has to stay is decided by the database, in small steps
 * ({@code V0110__remove_what_is_old.sql}); nobody who writes waits for one. Any number of nodes do
 * it, one at a time each kind; where one ended, another goes on. Thread-safe, blocks nobody.
 */
public final class OldRows {
  private static final Logger LOG = LoggerFactory.getLogger(OldRows.class);

  private static final String STEP = "SELECT gone, more FROM spendwatch.remove_old($1, $2, $3)";

  /** Longer than all statements of a look may take. */
  private static final Duration LOOK_MAX = Duration.ofHours(1);

  private final Statements owner;
  private final RetentionConfig config;
  private final InstantSource clock;
  private final RetentionMetrics metrics;

  /**
   * Nothing is done yet.
   *
   * @param owner acts for the tables' owner
   */
  public OldRows(
      Statements owner, RetentionConfig config, InstantSource clock, RetentionMetrics metrics) {
    this.owner = owner;
    this.config = config;
    this.clock = clock;
    this.metrics = metrics;
  }

  /**
   * Looks after a first interval, and again after each.
   *
   * @return ends it
   */
  public Cancellable start(ActorSystem<?> system, Duration interval) {
    return PeriodicWork.start(
        system,
        "The removal of what is old",
        interval,
        interval,
        LOOK_MAX,
        () -> look().exceptionally(_ -> null));
  }

  /**
   * Looks once, until nothing is left to be removed or {@link RetentionConfig#busyMax} has passed;
   * the next look goes on from there. Fails when a step could not be done.
   *
   * @return how many rows went, of each kind that is not kept for ever
   */
  public CompletionStage<Map<Kind, Long>> look() {
    long startedNanos = System.nanoTime();
    Map<Kind, Long> removed = new EnumMap<>(Kind.class);
    return removeAll(config.kept().keySet().stream().sorted().iterator(), startedNanos, removed)
        .handle(
            (_, failure) -> {
              removed.forEach(OldRows::say);
              if (failure != null) {
                metrics.failed(removed);
                LOG.atWarn()
                    .addKeyValue("reason", Retry.reason(failure))
                    .log("What is old could not be removed; the next look goes on from there");
                return CompletableFuture.<Map<Kind, Long>>failedFuture(Retry.cause(failure));
              }
              metrics.removed(removed);
              return CompletableFuture.completedFuture(removed);
            })
        .thenCompose(outcome -> outcome);
  }

  private static void say(Kind kind, long rows) {
    if (rows > 0) {
      LOG.atInfo()
          .addKeyValue("kind", kind.word())
          .addKeyValue("rows", rows)
          .log("Removed what is old");
    }
  }

  private CompletionStage<Void> removeAll(
      Iterator<Kind> left, long startedNanos, Map<Kind, Long> removed) {
    if (!left.hasNext()) {
      return CompletableFuture.completedFuture(null);
    }
    Kind kind = left.next();
    removed.put(kind, 0L);
    return remove(kind, startedNanos, removed)
        .thenCompose(_ -> removeAll(left, startedNanos, removed));
  }

  private CompletionStage<Void> remove(Kind kind, long startedNanos, Map<Kind, Long> removed) {
    if (System.nanoTime() - startedNanos > config.busyMax().toNanos()) {
      return CompletableFuture.completedFuture(null);
    }
    Instant keptFrom = clock.instant().minus(config.kept().get(kind));
    return owner
        .read(STEP, Tuple.of(kind.word(), keptFrom.atOffset(ZoneOffset.UTC), config.stepRows()))
        .thenCompose(
            rows -> {
              Row step = rows.iterator().next();
              removed.merge(kind, step.getLong("gone"), Long::sum);
              return step.getBoolean("more")
                  ? remove(kind, startedNanos, removed)
                  : CompletableFuture.<Void>completedFuture(null);
            });
  }
}
