package io.spendwatch.streams.postgres;

import io.spendwatch.actors.AccountBalance;
import io.spendwatch.actors.Judgement;
import io.spendwatch.actors.Received;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
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
import java.util.TreeSet;
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
  private static final String CLAIM_PIPELINE = SqlText.load("claim_pipeline");
  private static final String READ_PROGRESS = SqlText.load("read_progress");
  private static final String FORGET_PROGRESS = SqlText.load("forget_progress");
  private static final String HOLD_PIPELINE = SqlText.load("hold_pipeline");
  private static final String WRITE_TRANSACTIONS = SqlText.load("write_transactions");
  private static final String WRITE_LEDGER = SqlText.load("write_ledger");
  private static final String ENSURE_PARTITIONS = SqlText.load("ensure_partitions");
  private static final String READ_UNPUBLISHED_ALERTS = SqlText.load("read_unpublished_alerts");

  /** After so many writes of a partition, what older ones have noted of its progress goes. */
  private static final long PROGRESS_KEPT = 256;

  /** Each new partition holds about ten locks until its transaction ends. */
  private static final int NEW_DAYS_MAX = 100;

  private final Statements database;
  private final Statements writes;
  private final UnreadableRows unreadable;

  /** Days (UTC) known to have their partition; forgotten when one turns out to be missing. */
  private final Set<LocalDate> knownDays = ConcurrentHashMap.newKeySet();

  /** The last of the statements that make partitions; guarded by {@code knownDays}. */
  private CompletionStage<Void> ensured = CompletableFuture.completedFuture(null);

  /**
   * @param writes runs the statements that make batches durable, best with plans that are kept
   * @param database runs all others, each with a plan for its values
   */
  public Ledger(Statements database, Statements writes, UnreadableRows unreadable) {
    this.database = database;
    this.writes = writes;
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

  /** Makes a batch durable in one statement, after creating partitions for days not seen yet. */
  public CompletionStage<Outcome> write(LedgerBatch batch) {
    Rows rows = new Rows(batch);
    Tuple parameters = rows.parameters();
    // Most have none, and then the part for alerts is a third of the cost.
    String statement = batch.alerts().isEmpty() ? WRITE_TRANSACTIONS : WRITE_LEDGER;
    return ensurePartitions(rows.days())
        .thenCompose(_ -> writes.execute(statement, parameters))
        .thenCompose(
            answer -> {
              Row row = answer.iterator().next();
              return row.getBoolean(0)
                  ? noted(batch, new Written(row.getLong(1), row.getLong(2)))
                  : CompletableFuture.<Outcome>completedFuture(new Fenced());
            })
        .whenComplete(
            (_, failure) -> {
              if (failure != null && PgFailure.isMissingPartition(failure)) {
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
        Columns.timeMs(row, 10, "event_time"),
        Columns.timeMs(row, 11, "detected_at"),
        row.getBoolean(12),
        row.getString(17),
        hasCause ? Columns.word(AlertCause.class, row, 13, "cause") : null,
        new Alert.Source(row.getString(14), row.getInteger(15), row.getLong(16)));
  }

  /** A batch column by column, as unnest takes it. */
  private static final class Rows {
    private final LedgerBatch batch;
    private final List<Received> received = new ArrayList<>();
    private final List<Judgement.Judged> judged = new ArrayList<>();

    Rows(LedgerBatch batch) {
      this.batch = batch;
      for (int i = 0; i < batch.transactions().size(); i++) {
        switch (batch.judgements().get(i)) {
          case Judgement.Judged row -> {
            received.add(batch.transactions().get(i));
            judged.add(row);
          }
          case Judgement.Duplicate _, Judgement.Rejected _ -> {
            // Stored already, or never to be.
          }
        }
      }
    }

    /** The days (UTC) of the rows, in a set of the caller's own. */
    SortedSet<LocalDate> days() {
      SortedSet<LocalDate> days = new TreeSet<>();
      for (Received each : received) {
        days.add(EventTimes.toDatabase(each.transaction().eventTimeMs()).toLocalDate());
      }
      return days;
    }

    /** In the order of write_transactions.sql, and where there are alerts of write_ledger.sql. */
    Tuple parameters() {
      Tuple tuple =
          Tuple.tuple()
              .addInteger(batch.partition())
              .addLong(batch.epoch())
              .addLong(batch.writeNo())
              .addOffsetDateTime(EventTimes.toDatabaseOrNull(batch.streamTimeMs()))
              .addLong(batch.alertSeq())
              .addLong(batch.publishedAlertSeq())
              .addLong(batch.nextOffset())
              .addLong(batch.publishedOffset())
              .addOffsetDateTime(EventTimes.toDatabaseOrNull(batch.writtenAtMs()))
              .addOffsetDateTime(EventTimes.toDatabaseOrNull(batch.accountsSeenMs()));
      addTransactions(tuple);
      tuple.addArrayOfLong(knownVersions());
      if (!batch.alerts().isEmpty()) {
        addAlerts(tuple);
      }
      return tuple;
    }

    private void addTransactions(Tuple tuple) {
      int count = received.size();
      String[] userIds = new String[count];
      OffsetDateTime[] eventTimes = new OffsetDateTime[count];
      String[] transactionIds = new String[count];
      String[] kinds = new String[count];
      Long[] amounts = new Long[count];
      String[] currencies = new String[count];
      String[] merchants = new String[count];
      String[] originals = new String[count];
      Long[] exposures = new Long[count];
      Long[] balances = new Long[count];
      Long[] balanceVersions = new Long[count];
      String[] verdicts = new String[count];
      Long[] offsets = new Long[count];
      for (int i = 0; i < count; i++) {
        Transaction transaction = received.get(i).transaction();
        userIds[i] = transaction.userId();
        eventTimes[i] = EventTimes.toDatabase(transaction.eventTimeMs());
        transactionIds[i] = transaction.transactionId();
        kinds[i] = transaction.kind().name();
        amounts[i] = transaction.amountMinor();
        currencies[i] = transaction.currency();
        merchants[i] = transaction.merchant();
        originals[i] = transaction.originalTransactionId();
        exposures[i] = judged.get(i).exposureMinor();
        AccountBalance balance = judged.get(i).balance();
        if (balance != null) {
          balances[i] = balance.balanceMinor();
          balanceVersions[i] = balance.version();
        }
        verdicts[i] = judged.get(i).verdict().name();
        offsets[i] = received.get(i).offset();
      }
      tuple
          .addArrayOfString(userIds)
          .addArrayOfOffsetDateTime(eventTimes)
          .addArrayOfString(transactionIds)
          .addArrayOfString(kinds)
          .addArrayOfLong(amounts)
          .addArrayOfString(currencies)
          .addArrayOfString(merchants)
          .addArrayOfString(originals)
          .addArrayOfLong(exposures)
          .addArrayOfLong(balances)
          .addArrayOfLong(balanceVersions)
          .addArrayOfString(verdicts)
          .addArrayOfLong(offsets);
    }

    /** Where they say more than the version that the row was held against. */
    private Long[] knownVersions() {
      Long[] versions = new Long[judged.size()];
      for (int i = 0; i < versions.length; i++) {
        AccountBalance balance = judged.get(i).balance();
        long heldAgainst = balance == null ? 0 : balance.version();
        if (judged.get(i).knownVersion() != heldAgainst) {
          versions[i] = judged.get(i).knownVersion();
        }
      }
      return versions;
    }

    private void addAlerts(Tuple tuple) {
      int count = batch.alerts().size();
      String[] alertIds = new String[count];
      String[] types = new String[count];
      String[] rules = new String[count];
      String[] episodeIds = new String[count];
      String[] userIds = new String[count];
      String[] transactionIds = new String[count];
      Long[] exposures = new Long[count];
      Long[] balances = new Long[count];
      String[] currencies = new String[count];
      Integer[] transactions = new Integer[count];
      OffsetDateTime[] windowStarts = new OffsetDateTime[count];
      OffsetDateTime[] eventTimes = new OffsetDateTime[count];
      OffsetDateTime[] detectedAt = new OffsetDateTime[count];
      Boolean[] late = new Boolean[count];
      String[] causes = new String[count];
      String[] topics = new String[count];
      Long[] offsets = new Long[count];
      Long[] partitionSeqs = new Long[count];
      Integer[] ruleVersions = new Integer[count];
      String[] revealedBy = new String[count];
      Long[] knownVersions = new Long[count];
      for (int i = 0; i < count; i++) {
        Alert alert = batch.alerts().get(i).alert();
        alertIds[i] = alert.alertId();
        types[i] = alert.type().name();
        rules[i] = Alert.RULE;
        episodeIds[i] = alert.episodeId();
        userIds[i] = alert.userId();
        transactionIds[i] = alert.transactionId();
        exposures[i] = alert.exposureMinor();
        balances[i] = alert.balanceMinor();
        currencies[i] = alert.currency();
        transactions[i] = alert.transactions();
        windowStarts[i] = EventTimes.toDatabase(alert.windowStartMs());
        eventTimes[i] = EventTimes.toDatabase(alert.eventTimeMs());
        detectedAt[i] = EventTimes.toDatabase(alert.detectedAtMs());
        late[i] = alert.late();
        causes[i] = alert.cause() == null ? null : alert.cause().name();
        topics[i] = alert.source().topic();
        offsets[i] = alert.source().offset();
        partitionSeqs[i] = batch.alertSeqBefore() + 1 + i;
        ruleVersions[i] = Alert.RULE_VERSION;
        revealedBy[i] = alert.revealedBy();
        knownVersions[i] = batch.alerts().get(i).knownVersion();
      }
      tuple
          .addArrayOfString(alertIds)
          .addArrayOfString(types)
          .addArrayOfString(rules)
          .addArrayOfString(episodeIds)
          .addArrayOfString(userIds)
          .addArrayOfString(transactionIds)
          .addArrayOfLong(exposures)
          .addArrayOfLong(balances)
          .addArrayOfString(currencies)
          .addArrayOfInteger(transactions)
          .addArrayOfOffsetDateTime(windowStarts)
          .addArrayOfOffsetDateTime(eventTimes)
          .addArrayOfOffsetDateTime(detectedAt)
          .addArrayOfBoolean(late)
          .addArrayOfString(causes)
          .addArrayOfString(topics)
          .addArrayOfLong(offsets)
          .addArrayOfLong(partitionSeqs)
          .addArrayOfInteger(ruleVersions)
          .addArrayOfString(revealedBy)
          .addArrayOfLong(knownVersions);
    }
  }
}
