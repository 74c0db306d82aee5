package io.spendwatch.ops.analysis.reading;

import io.spendwatch.ops.analysis.answer.Cells;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A query's rows, page by page, so that of a large answer no more is read than somebody is given.
 * It ends with its transaction. One step after the other.
 */
public final class QueryCursor {
  private static final int FETCHED_AT_ONCE = 500;

  /**
   * Makes the name of each cursor another one: the driver keeps statements prepared, and with a
   * FETCH what the columns of its cursor were.
   */
  private static final AtomicLong CURSORS = new AtomicLong();

  private final Statements transaction;
  private final String name = "asked_" + CURSORS.incrementAndGet();

  /** What an answer may have at most. */
  public record Bounds(int rowsMax, long bytesMax) {}

  /**
   * What was read.
   *
   * @param truncated whether there is more, which the bounds do not allow
   */
  public record Fetched(List<String> columns, List<List<Object>> rows, boolean truncated) {}

  private QueryCursor(Statements transaction) {
    this.transaction = transaction;
  }

  /**
   * Opens one: from now on it has its moment. Takes nothing but a query, whatever the planner was
   * asked about.
   *
   * @param statement one, without what ends it
   */
  public static CompletionStage<QueryCursor> open(Statements transaction, String statement) {
    var cursor = new QueryCursor(transaction);
    return transaction
        .execute("DECLARE " + cursor.name + " NO SCROLL CURSOR FOR " + statement, Tuple.tuple())
        .thenApply(_ -> cursor);
  }

  /** What its columns are called; no row is read for it. */
  public CompletionStage<List<String>> columns() {
    return fetch(0).thenApply(none -> List.copyOf(none.columnsNames()));
  }

  /** All rows that the bounds allow. */
  public CompletionStage<Fetched> rows(Bounds bounds) {
    return rows(new Taken(bounds));
  }

  private CompletionStage<Fetched> rows(Taken taken) {
    return fetch(FETCHED_AT_ONCE)
        .thenCompose(
            page -> {
              taken.add(page);
              return taken.truncated || page.size() < FETCHED_AT_ONCE
                  ? CompletableFuture.completedFuture(taken.whole())
                  : rows(taken);
            });
  }

  private CompletionStage<RowSet<Row>> fetch(int rows) {
    return transaction.execute("FETCH FORWARD " + rows + " FROM " + name, Tuple.tuple());
  }

  /** For one stage after the other. */
  private static final class Taken {
    private final Bounds bounds;
    private final List<List<Object>> rows = new ArrayList<>();
    private List<String> columns = List.of();
    private long bytes;
    private boolean truncated;

    Taken(Bounds bounds) {
      this.bounds = bounds;
    }

    void add(RowSet<Row> page) {
      columns = page.columnsNames();
      for (List<Object> row : Cells.of(page)) {
        bytes += row.stream().mapToLong(cell -> String.valueOf(cell).length()).sum();
        if (rows.size() == bounds.rowsMax() || bytes > bounds.bytesMax()) {
          truncated = true;
          return;
        }
        rows.add(row);
      }
    }

    Fetched whole() {
      return new Fetched(columns, rows, truncated);
    }
  }
}
