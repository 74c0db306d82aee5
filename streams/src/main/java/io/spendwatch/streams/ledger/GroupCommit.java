package io.spendwatch.streams.ledger;

import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.ledger.Ledger.Outcome;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Makes batches of all partitions durable, those that wait together in one statement. For any
 * thread.
 *
 * <pre>
 *   at rest ──a batch, no other is expected──▶ under way ──answered, batches have gathered──▶ under way
 *      ▲                                           └──────── answered, nobody waits ───────────▶ at rest
 * </pre>
 *
 * <p>A statement starts once the one before is answered, or beside it where a full one has
 * gathered. A partition has at most one batch in each. What one poll of Kafka has brought to
 * several partitions is written together: a batch waits for those that are being assessed, but no
 * longer than {@link #COMPANY_MS}, since one of them may have to wait for what is read.
 *
 * <p>Each partition is granted or fenced by itself. A statement takes all rows for new. What is
 * refused for what lies in the data is tried batch by batch, and then what is there already stays:
 * so a batch whose answer was lost is not written twice, and only the one at fault fails. Every
 * other failure is that of all, to be tried again by each.
 */
final class GroupCommit {
  private static final String WRITE_TRANSACTIONS = SqlText.load(Ledger.class, "write_transactions");
  private static final String WRITE_LEDGER = SqlText.load(Ledger.class, "write_ledger");
  private static final String WRITE_AGAIN = SqlText.load(Ledger.class, "write_again");

  /** What is assessed without reading anything takes less, for all partitions together. */
  private static final long COMPANY_MS = 2;

  /** So many are company enough: what a statement costs by itself is little beside them. */
  private static final int COMPANY_ROWS = 500;

  private record Waiting(LedgerBatch batch, CompletableFuture<Outcome> outcome) {}

  private final Statements statements;
  private final int statementsMax;
  private final int rowsMax;
  private final Timekeeper time;

  /** Guarded by this. Bounded by one batch of each partition's lives. */
  private Deque<Waiting> gathered = new ArrayDeque<>();

  private int gatheredRows;
  private int underWay;
  private int expected;
  private boolean isAlarmSet;

  /**
   * @param statementsMax that are under way at a time
   * @param rowsMax transactions of a statement, but for a batch that alone has more
   */
  GroupCommit(Statements statements, int statementsMax, int rowsMax, Timekeeper time) {
    this.statements = statements;
    this.statementsMax = statementsMax;
    this.rowsMax = rowsMax;
    this.time = time;
  }

  /**
   * A batch is on its way, for which others may wait.
   *
   * @return to be run once, when it has come or will not come
   */
  Runnable expect() {
    synchronized (this) {
      expected++;
    }
    return () -> {
      synchronized (this) {
        expected--;
      }
      startNext(true);
    };
  }

  /** Whether something is on its way, asked for or expected. */
  boolean isBusy() {
    synchronized (this) {
      return underWay > 0 || expected > 0 || !gathered.isEmpty();
    }
  }

  /** Completes on the thread that completes the statement. */
  CompletionStage<Outcome> write(LedgerBatch batch) {
    Waiting waiting = new Waiting(batch, new CompletableFuture<>());
    synchronized (this) {
      gathered.add(waiting);
      gatheredRows += batch.rows();
    }
    startNext(true);
    return waiting.outcome;
  }

  private void startNext(boolean mayWait) {
    List<Waiting> group;
    synchronized (this) {
      boolean isFull = gatheredRows >= rowsMax && underWay < statementsMax;
      if (gathered.isEmpty() || (underWay > 0 && !isFull)) {
        return;
      }
      if (mayWait && expected > 0 && gatheredRows < Math.min(COMPANY_ROWS, rowsMax)) {
        setAlarm();
        return;
      }
      underWay++;
      group = takeGroup();
    }
    execute(group)
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                // First the connection, then whoever has something to do with the answer.
                over();
                answer(group, answer);
              } else if (PgFailure.isOfTheData(Retry.cause(failure))) {
                writeAgain(group, 0);
              } else {
                over();
                fail(group, failure);
              }
            });
  }

  /**
   * Guarded by this. One that is set for a group that has started meanwhile only starts the next.
   */
  private void setAlarm() {
    if (!isAlarmSet) {
      isAlarmSet = true;
      time.schedule(
          COMPANY_MS,
          () -> {
            synchronized (this) {
              isAlarmSet = false;
            }
            startNext(false);
          });
    }
  }

  private List<Waiting> takeGroup() {
    List<Waiting> group = new ArrayList<>();
    Deque<Waiting> later = new ArrayDeque<>();
    Set<Integer> partitions = new HashSet<>();
    int rows = 0;
    for (Waiting waiting : gathered) {
      int more = waiting.batch.rows();
      boolean fits = group.isEmpty() || rows + more <= rowsMax;
      // What comes later of a partition does not overtake.
      if (partitions.add(waiting.batch.partition()) && fits) {
        group.add(waiting);
        rows += more;
      } else {
        later.add(waiting);
      }
    }
    gathered = later;
    gatheredRows -= rows;
    return group;
  }

  private void over() {
    synchronized (this) {
      underWay--;
    }
    startNext(true);
  }

  /** Some are there already, or one of them is at fault; the others are not to fail with it. */
  private void writeAgain(List<Waiting> group, int index) {
    if (index == group.size()) {
      over();
      return;
    }
    List<Waiting> alone = List.of(group.get(index));
    execute(WRITE_AGAIN, () -> WriteParameters.withAlerts(List.of(alone.getFirst().batch)))
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                answer(alone, answer);
                writeAgain(group, index + 1);
              } else if (PgFailure.isOfTheData(Retry.cause(failure))) {
                fail(alone, failure);
                writeAgain(group, index + 1);
              } else {
                over();
                fail(group.subList(index, group.size()), failure);
              }
            });
  }

  private CompletionStage<RowSet<Row>> execute(List<Waiting> group) {
    List<LedgerBatch> batches = group.stream().map(Waiting::batch).toList();
    // Most have no alerts, and then the part for them is most of the cost.
    return batches.stream().allMatch(batch -> batch.alerts().isEmpty())
        ? execute(WRITE_TRANSACTIONS, () -> WriteParameters.withoutAlerts(batches))
        : execute(WRITE_LEDGER, () -> WriteParameters.withAlerts(batches));
  }

  /** A value that cannot be sent at all fails like one that the server refuses. */
  private CompletionStage<RowSet<Row>> execute(String sql, Supplier<Tuple> parameters) {
    try {
      return statements.execute(sql, parameters.get());
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static void fail(List<Waiting> group, Throwable failure) {
    Throwable cause = Retry.cause(failure);
    group.forEach(waiting -> waiting.outcome.completeExceptionally(cause));
  }

  private static void answer(List<Waiting> group, RowSet<Row> answer) {
    Map<Integer, Outcome> written = new HashMap<>();
    for (Row row : answer) {
      written.put(row.getInteger(0), new Ledger.Written(row.getLong(1), row.getLong(2)));
    }
    for (Waiting waiting : group) {
      waiting.outcome.complete(
          written.getOrDefault(waiting.batch.partition(), new Ledger.Fenced()));
    }
  }
}
