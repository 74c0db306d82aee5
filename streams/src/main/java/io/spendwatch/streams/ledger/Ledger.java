package io.spendwatch.streams.ledger;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.EventTimes;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowIterator;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Writes the ledger. For any thread; completes on an event loop.
 *
 * <p>Every write names the epoch under which its partition was claimed and takes no effect once a
 * later epoch has claimed it. All methods are safe to repeat after a failure of unknown outcome.
 */
public final class Ledger {
  private static final String CLAIM_PIPELINE = SqlText.load(Ledger.class, "claim_pipeline");
  private static final String READ_PROGRESS = SqlText.load(Ledger.class, "read_progress");
  private static final String FORGET_PROGRESS = SqlText.load(Ledger.class, "forget_progress");
  private static final String HOLD_PIPELINE = SqlText.load(Ledger.class, "hold_pipeline");
  private static final String ENSURE_PARTITIONS = SqlText.load(Ledger.class, "ensure_partitions");
  private static final String READ_UNPUBLISHED_ALERTS =
      SqlText.load(Ledger.class, "read_unpublished_alerts");

  /** After so many writes of a partition, what older ones have noted of its progress goes. */
  private static final long PROGRESS_KEPT = 256;

  /** Each new partition holds about ten locks until its transaction ends. */
  private static final int NEW_DAYS_MAX = 100;

  private final Statements database;
  private final GroupCommit writes;
  private final UnreadableRows unreadable;

  /** Days (UTC) known to have their partition; forgotten when one turns out to be missing. */
  private final Set<LocalDate> knownDays = ConcurrentHashMap.newKeySet();

  /** The last of the statements that make partitions; guarded by {@code knownDays}. */
  private CompletionStage<Void> ensured = CompletableFuture.completedFuture(null);

  /**
   * @param writes runs the statements that make batches durable, best with plans that are kept
   * @param writesMax of them that are under way at a time
   * @param writeRowsMax transactions that one of them takes, but for a batch of more
   * @param database runs all others, each with a plan for its values
   */
  public Ledger(
      Statements database,
      Statements writes,
      int writesMax,
      int writeRowsMax,
      UnreadableRows unreadable,
      Timekeeper time) {
    this.database = database;
    this.writes = new GroupCommit(writes, writesMax, writeRowsMax, time);
    this.unreadable = unreadable;
  }

  /**
   * A partition taken over.
   *
   * @param epoch ours from now on
   * @param alertSeq place of the last alert written
   * @param publishedAlertSeq a place that is known to be published, perhaps not the last
   * @param writtenAtMs wall clock of the last write with transactions; empty before any
   * @param nextOffset all records before it are durable; empty while it is not noted
   * @param publishedOffset all records before it are durable and published, perhaps more; likewise
   * @param layout in force for as long as the epoch is
   */
  public record Claim(
      long epoch,
      long alertSeq,
      long publishedAlertSeq,
      OptionalLong writtenAtMs,
      OptionalLong nextOffset,
      OptionalLong publishedOffset,
      TopicLayout layout) {}

  /** How a write went. */
  public sealed interface Outcome {}

  /**
   * Durable.
   *
   * @param transactions rows that were not there before
   * @param alerts of the batch's, those that are there in their places; fewer than the batch has
   *     only where one of them has been decided before, elsewhere: it must not be published
   */
  public record Written(long transactions, long alerts) implements Outcome {}

  /** A later epoch has claimed the partition: nothing was written. */
  public record Fenced() implements Outcome {}

  /**
   * An alert and its place in its partition's sequence.
   *
   * @param alert empty where its row cannot be read any more, which is noted
   */
  public record StoredAlert(long partitionSeq, Optional<Alert> alert) {}

  /**
   * Takes the partition over from whoever had it.
   *
   * @param owner name of this node, for people
   * @return empty where there is no layout of the topic yet: nothing was claimed
   */
  public CompletionStage<Optional<Claim>> claim(int partition, String owner, long nowMs) {
    return database
        .execute(CLAIM_PIPELINE, Tuple.of(partition, owner, EventTimes.toDatabase(nowMs)))
        .thenCompose(
            claimed -> {
              RowIterator<Row> rows = claimed.iterator();
              return rows.hasNext()
                  ? readProgress(partition, rows.next()).thenApply(Optional::of)
                  : CompletableFuture.completedFuture(Optional.empty());
            });
  }

  /** By a statement of its own: the claim may have waited for a write, which it does not see. */
  private CompletionStage<Claim> readProgress(int partition, Row claimed) {
    return database
        .execute(READ_PROGRESS, Tuple.of(partition))
        .thenCompose(
            rows -> {
              Row row = rows.iterator().next();
              Claim claim =
                  new Claim(
                      claimed.getLong(0),
                      row.getLong(2),
                      row.getLong(3),
                      writtenAtMs(partition, row),
                      Sources.optional(row.getLong(5)),
                      Sources.optional(row.getLong(6)),
                      TopicLayout.of(claimed, 1));
              if (row.getLong(0) == null) {
                return CompletableFuture.completedFuture(claim);
              }
              return forgetProgress(partition, row.getLong(0), row.getLong(1), 0, 0)
                  .thenApply(_ -> claim);
            });
  }

  /** Nobody depends on it: what is left over goes with a later claim. */
  private CompletionStage<Void> forgetProgress(
      int partition, long epoch, long writeNo, long fromEpoch, long fromWriteNo) {
    return database
        .execute(FORGET_PROGRESS, Tuple.of(partition, epoch, writeNo, fromEpoch, fromWriteNo))
        .<Void>thenApply(_ -> null)
        .exceptionally(_ -> null);
  }

  private OptionalLong writtenAtMs(int partition, Row row) {
    if (row.getOffsetDateTime(4) == null) {
      return OptionalLong.empty();
    }
    return unreadable
        .read(
            UnreadableRows.PIPELINES,
            Integer.toString(partition),
            () -> OptionalLong.of(Columns.timeMs(row, 4, "written_at")))
        .orElse(OptionalLong.empty());
  }

  /**
   * Says that the partition stands still for a growth to {@code partitions}.
   *
   * @return false when a later epoch has claimed it
   */
  public CompletionStage<Boolean> hold(int partition, long epoch, int partitions) {
    return database
        .execute(HOLD_PIPELINE, Tuple.of(partition, epoch, partitions))
        .thenApply(rows -> rows.iterator().hasNext());
  }

  /** Whether a batch is being written or assessed. */
  public boolean isBusy() {
    return writes.isBusy();
  }

  /**
   * A batch is being assessed. Those of other partitions that are written meanwhile wait a moment,
   * to be in the same statement.
   *
   * @return to be run once, when {@link #write} has been asked for, or will not be
   */
  public Runnable expect() {
    return writes.expect();
  }

  /**
   * Makes a batch durable, in one statement with those of other partitions that are waiting, after
   * creating partitions for days not seen yet. What lies in other batches does not make it fail.
   */
  public CompletionStage<Outcome> write(LedgerBatch batch) {
    return ensurePartitions(batch.days())
        .thenCompose(_ -> writes.write(batch))
        .thenCompose(
            outcome ->
                switch (outcome) {
                  case Written written -> noted(batch, written);
                  case Fenced fenced -> CompletableFuture.completedFuture(fenced);
                })
        .whenComplete(
            (_, failure) -> {
              if (failure != null && PgFailure.isMissingPartition(Retry.cause(failure))) {
                knownDays.clear();
              }
            });
  }

  private CompletionStage<Outcome> noted(LedgerBatch batch, Written written) {
    if (batch.writeNo() % PROGRESS_KEPT != 0) {
      return CompletableFuture.completedFuture(written);
    }
    return forgetProgress(
            batch.partition(),
            batch.epoch(),
            batch.writeNo() - PROGRESS_KEPT,
            batch.epoch(),
            batch.writeNo() - 4 * PROGRESS_KEPT)
        .thenApply(_ -> written);
  }

  /** The partition's alerts after place {@code afterSeq}, in order, at most {@code limit}. */
  public CompletionStage<List<StoredAlert>> alertsAfter(int partition, long afterSeq, int limit) {
    return database
        .execute(READ_UNPUBLISHED_ALERTS, Tuple.of(partition, afterSeq, limit))
        .thenApply(
            rows -> {
              List<StoredAlert> alerts = new ArrayList<>(rows.size());
              for (Row row : rows) {
                alerts.add(
                    new StoredAlert(
                        row.getLong(0),
                        unreadable.read(
                            UnreadableRows.UNPUBLISHED_ALERTS,
                            row.getString(4) + ", alert " + row.getString(1),
                            () -> alert(row))));
              }
              return alerts;
            });
  }

  /** One at a time: all partitions of the topic come to a new day at about the same moment. */
  private CompletionStage<Void> ensurePartitions(SortedSet<LocalDate> days) {
    if (knownDays.containsAll(days)) {
      return CompletableFuture.completedFuture(null);
    }
    synchronized (knownDays) {
      ensured =
          ensured
              .handle((_, _) -> days.stream().filter(day -> !knownDays.contains(day)).toList())
              .thenCompose(this::makePartitions);
      return ensured;
    }
  }

  private CompletionStage<Void> makePartitions(List<LocalDate> missing) {
    if (missing.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    int count = Math.min(missing.size(), NEW_DAYS_MAX);
    List<LocalDate> first = missing.subList(0, count);
    OffsetDateTime[] instants =
        first.stream()
            .map(day -> day.atStartOfDay().atOffset(ZoneOffset.UTC))
            .toArray(OffsetDateTime[]::new);
    return database
        .execute(ENSURE_PARTITIONS, Tuple.of(instants))
        .thenCompose(
            _ -> {
              knownDays.addAll(first);
              return makePartitions(missing.subList(count, missing.size()));
            });
  }

  private static Alert alert(Row row) {
    boolean hasCause = row.getString(13) != null;
    long eventTimeMs = Columns.timeMs(row, 10, "event_time");
    long windowMs = eventTimeMs - Columns.timeMs(row, 20, "window_start");
    return new Alert(
        row.getString(1),
        Columns.word(AlertType.class, row, 2, "type"),
        row.getString(3),
        row.getString(4),
        row.getString(5),
        row.getLong(6),
        row.getLong(7),
        Columns.currency(row, 8, "currency"),
        row.getInteger(9),
        eventTimeMs,
        Columns.timeMs(row, 11, "detected_at"),
        row.getBoolean(12),
        row.getString(17),
        hasCause ? Columns.word(AlertCause.class, row, 13, "cause") : null,
        new Alert.AppliedRule(row.getString(18), row.getInteger(19), windowMs),
        new Alert.Source(row.getString(14), row.getInteger(15), row.getLong(16)));
  }
}
