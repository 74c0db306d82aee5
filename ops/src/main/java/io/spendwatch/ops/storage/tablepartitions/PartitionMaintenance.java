package io.spendwatch.ops.storage.tablepartitions;

import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.streams.base.PeriodicWork;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the partitions of table {@code transactions}, again and again: makes those of the days to
 * come, so that no transaction waits for its partition at midnight, and removes those that lie
 * wholly before the retention.
 *
 * <pre>
 *   attached ──DETACH CONCURRENTLY──▶ pending ──the same, or FINALIZE──▶ detached ──drop──▶ gone
 *       ▲                                │                                  │
 *       └──── a record for that day comes (ensure_partitions) ──────────────┘
 * </pre>
 *
 * Ingestion waits for none of it. Any number of nodes do it: making is idempotent, and one at a
 * time removes. A failure is no harm: the next look goes on from where it ended, and a missing
 * partition is made when its first transaction comes. Thread-safe.
 */
public final class PartitionMaintenance {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionMaintenance.class);

  private static final String LIST_EXPIRED =
      SqlText.load(PartitionMaintenance.class, "list_expired");

  /** Longer than all statements of a look may take. */
  private static final Duration LOOK_MAX = Duration.ofHours(1);

  /** The next step of it; what it promises is written in V0042__merge_old_days.sql. */
  private static final String MERGE = "SELECT spendwatch.merge_old_days($1, $2)";

  private static final String LOCK = "hashtextextended('spendwatch.partition_maintenance', 0)";

  /**
   * What a look found and did.
   *
   * @param present partitions that the table has now
   * @param made for the days to come
   * @param detached by this look; those that a former one had begun with included
   * @param dropped tables
   */
  public record Report(long present, int made, int detached, int dropped) {}

  /**
   * What became of merging.
   *
   * @param steps that copied something or prepared it
   * @param months merged
   * @param waiting whether more is to be done, and somebody is in the way
   */
  public record Merged(int steps, int months, boolean waiting) {}

  private record Expired(String name, String state) {}

  private final Statements database;
  private final Optional<Statements> owners;
  private final Optional<Duration> retention;
  private final PartitionsConfig.Merging merging;
  private final InstantSource clock;
  private final PartitionMetrics metrics;

  /**
   * Nothing is done yet.
   *
   * @param database may make partitions
   * @param owners acts for the tables' owner, on one connection
   * @param retention empty: nothing is removed, and {@code owners} not asked
   * @param merging how hard old days are merged
   */
  public PartitionMaintenance(
      Statements database,
      Optional<Statements> owners,
      Optional<Duration> retention,
      PartitionsConfig.Merging merging,
      InstantSource clock,
      PartitionMetrics metrics) {
    this.database = database;
    this.owners = owners;
    this.retention = retention;
    this.merging = merging;
    this.clock = clock;
    this.metrics = metrics;
  }

  /** The same, but for removing: that is left to whoever looks beside it. */
  public PartitionMaintenance withoutRemoval() {
    return new PartitionMaintenance(database, Optional.empty(), retention, merging, clock, metrics);
  }

  /**
   * Looks now and again after each interval, and merges now and then, until cancelled.
   *
   * @return cancels both
   */
  public Cancellable start(ActorSystem<?> system, Duration interval) {
    // Each says itself what it could not do.
    Cancellable looking =
        PeriodicWork.start(
            system,
            "The look after the partitions",
            Duration.ZERO,
            interval,
            LOOK_MAX,
            () -> look().exceptionally(_ -> null));
    Cancellable merged =
        PeriodicWork.start(
            system,
            "The merging of old partitions",
            merging.interval(),
            merging.interval(),
            LOOK_MAX,
            () -> mergeOldDays().exceptionally(_ -> null));
    return new Cancellable() {
      @Override
      public boolean cancel() {
        boolean ended = looking.cancel();
        return merged.cancel() || ended;
      }

      @Override
      public boolean isCancelled() {
        return looking.isCancelled() && merged.isCancelled();
      }
    };
  }

  /**
   * Merges days that have grown old into their month, in small steps, until there is nothing to do,
   * somebody is in the way or {@link PartitionsConfig.Merging#busyMax} has passed. What is left,
   * the next time does, of whichever node. Fails when a step could not be done.
   */
  public CompletionStage<Merged> mergeOldDays() {
    long startedNanos = System.nanoTime();
    return mergeOn(startedNanos, new Merged(0, 0, false))
        .whenComplete(
            (merged, failure) -> {
              Duration took = Duration.ofNanos(System.nanoTime() - startedNanos);
              if (failure != null) {
                metrics.failed(took);
                LOG.atWarn()
                    .addKeyValue("reason", Retry.reason(failure))
                    .log("Old days could not be merged; the next time goes on from there");
              } else if (merged.steps() + merged.months() > 0) {
                metrics.merged(merged, took);
                LOG.atInfo()
                    .addKeyValue("steps", merged.steps())
                    .addKeyValue("months", merged.months())
                    .addKeyValue("waiting", merged.waiting())
                    .log("Merged old days into months");
              }
            });
  }

  private CompletionStage<Merged> mergeOn(long startedNanos, Merged so) {
    if (System.nanoTime() - startedNanos > merging.busyMax().toNanos()) {
      return CompletableFuture.completedFuture(so);
    }
    OffsetDateTime keptFrom =
        retention.map(kept -> clock.instant().minus(kept).atOffset(ZoneOffset.UTC)).orElse(null);
    return database
        .read(MERGE, Tuple.of(merging.stepBlocks(), keptFrom))
        .thenCompose(
            rows ->
                switch (rows.iterator().next().getString(0)) {
                  case "copied" ->
                      mergeOn(startedNanos, new Merged(so.steps() + 1, so.months(), false));
                  case "merged" ->
                      mergeOn(startedNanos, new Merged(so.steps(), so.months() + 1, false));
                  case "nothing" -> CompletableFuture.completedFuture(so);
                  case "waiting" ->
                      CompletableFuture.completedFuture(new Merged(so.steps(), so.months(), true));
                  case String other -> throw new IllegalStateException(MERGE + ": " + other);
                });
  }

  /** Looks once. Fails when anything could not be done. */
  public CompletionStage<Report> look() {
    long startedNanos = System.nanoTime();
    Instant now = clock.instant();
    return makeAhead(now)
        .thenCompose(made -> remove(now).thenCompose(removed -> report(made, removed)))
        .whenComplete(
            (report, failure) -> {
              Duration took = Duration.ofNanos(System.nanoTime() - startedNanos);
              if (failure != null) {
                metrics.failed(took);
                LOG.atWarn()
                    .addKeyValue("reason", Retry.reason(failure))
                    .log("Partitions could not be looked after; the next look goes on from there");
              } else {
                metrics.kept(report, took);
                say(report);
              }
            });
  }

  private static void say(Report report) {
    if (report.made() + report.detached() + report.dropped() > 0) {
      LOG.atInfo()
          .addKeyValue("made", report.made())
          .addKeyValue("detached", report.detached())
          .addKeyValue("dropped", report.dropped())
          .addKeyValue("present", report.present())
          .log("Looked after the partitions");
    }
  }

  private CompletionStage<Integer> makeAhead(Instant now) {
    OffsetDateTime today = now.atOffset(ZoneOffset.UTC);
    OffsetDateTime[] days =
        IntStream.rangeClosed(0, Schema.DAYS_AHEAD)
            .mapToObj(today::plusDays)
            .toArray(OffsetDateTime[]::new);
    return database
        .read("SELECT spendwatch.ensure_partitions($1)", Tuple.of((Object) days))
        .thenApply(rows -> rows.iterator().next().getInteger(0));
  }

  /** Counts while it goes on; for one stage after the other. */
  private static final class Removed {
    private int detached;
    private int dropped;
  }

  private CompletionStage<Removed> remove(Instant now) {
    if (retention.isEmpty() || owners.isEmpty()) {
      return CompletableFuture.completedFuture(new Removed());
    }
    Statements owner = owners.get();
    OffsetDateTime horizon = now.minus(retention.get()).atOffset(ZoneOffset.UTC);
    return owner
        .read("SELECT pg_try_advisory_lock(" + LOCK + ")", Tuple.tuple())
        .thenCompose(
            rows ->
                rows.iterator().next().getBoolean(0)
                    ? removeBefore(owner, horizon)
                    // Another node is at it.
                    : CompletableFuture.completedFuture(new Removed()));
  }

  private static CompletionStage<Removed> removeBefore(Statements owner, OffsetDateTime horizon) {
    return owner
        .read(LIST_EXPIRED, Tuple.of(horizon))
        .thenCompose(rows -> removeAll(owner, expired(rows).iterator(), new Removed()))
        .handle(
            (removed, failure) ->
                owner
                    .read("SELECT pg_advisory_unlock(" + LOCK + ")", Tuple.tuple())
                    .handle(
                        (_, _) ->
                            failure == null
                                ? CompletableFuture.completedFuture(removed)
                                : CompletableFuture.<Removed>failedFuture(Retry.cause(failure)))
                    .thenCompose(outcome -> outcome))
        .thenCompose(outcome -> outcome);
  }

  private static List<Expired> expired(RowSet<Row> rows) {
    List<Expired> expired = new ArrayList<>(rows.size());
    rows.forEach(row -> expired.add(new Expired(row.getString(0), row.getString(1))));
    return expired;
  }

  private static CompletionStage<Removed> removeAll(
      Statements owner, Iterator<Expired> left, Removed removed) {
    if (!left.hasNext()) {
      return CompletableFuture.completedFuture(removed);
    }
    Expired next = left.next();
    return mayGo(owner, next)
        .thenCompose(
            may ->
                may
                    ? removeOne(owner, next, removed)
                    : CompletableFuture.<Void>completedFuture(null))
        .thenCompose(_ -> removeAll(owner, left, removed));
  }

  /**
   * Whether the archive, if there is one, has it as it is. Asked before it goes out of sight; when
   * it is dropped it is asked again.
   */
  private static CompletionStage<Boolean> mayGo(Statements owner, Expired partition) {
    return partition.state().equals("attached")
        ? owner
            .read("SELECT spendwatch.may_drop_partition($1)", Tuple.of(partition.name()))
            .thenApply(rows -> rows.iterator().next().getBoolean(0))
        : CompletableFuture.completedFuture(true);
  }

  private static CompletionStage<Void> removeOne(Statements owner, Expired next, Removed removed) {
    return detach(owner, next, removed)
        .thenCompose(
            _ -> owner.read("SELECT spendwatch.drop_detached_partition($1)", Tuple.of(next.name())))
        .thenAccept(
            rows -> {
              if (rows.iterator().next().getBoolean(0)) {
                removed.dropped++;
              }
            });
  }

  /** Outside any transaction, which DETACH CONCURRENTLY asks for. */
  private static CompletionStage<?> detach(Statements owner, Expired partition, Removed removed) {
    String how =
        switch (partition.state()) {
          case "attached" -> "CONCURRENTLY";
          case "pending" -> "FINALIZE";
          default -> "";
        };
    if (how.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    // The name is one of transactions_20240712's form: nothing in it needs quoting.
    return owner
        .read(
            String.format(
                Locale.ROOT,
                "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.%s %s",
                partition.name(),
                how),
            Tuple.tuple())
        .thenAccept(_ -> removed.detached++);
  }

  private CompletionStage<Report> report(int made, Removed removed) {
    return database
        .read(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'spendwatch.transactions'::regclass",
            Tuple.tuple())
        .thenApply(
            rows ->
                new Report(
                    rows.iterator().next().getLong(0), made, removed.detached, removed.dropped));
  }
}
