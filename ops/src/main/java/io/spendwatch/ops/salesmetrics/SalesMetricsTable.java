package io.spendwatch.ops.salesmetrics;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.protocol.SalesMetrics;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What is to be published, and how far it is: what that promises is in V0116__minute_sales.sql.
 * Times are the server's. Thread-safe; blocks the thread that asks. Throws {@link
 * OperatorException} where PostgreSQL fails.
 */
final class SalesMetricsTable {
  private static final String BEGIN = "SELECT spendwatch.begin_sales_metrics()";
  private static final String TAKE = load("take_turn");
  private static final String GIVE = load("give_turn");
  private static final String FIND_DUE = load("find_due");
  private static final String NOTE = load("note_published");
  private static final String DELETE_DROPPED = load("delete_dropped");
  private static final String READ_WAITING = load("read_waiting");

  private final Statements database;

  /**
   * @param database may keep roll-ups
   */
  SalesMetricsTable(Statements database) {
    this.database = database;
  }

  /** From now on they are counted. */
  void begin() {
    var _ = query(BEGIN);
  }

  /** Whether it is this node's turn, for so long unless it comes back. */
  boolean take(String node, Duration lease) {
    return query(TAKE, node, (double) lease.toMillis()).size() > 0;
  }

  /** It is nobody's turn, if it was this node's. */
  void give(String node) {
    var _ = query(GIVE, node);
  }

  /** Those that were changed first and are not published as they are; in order of revision. */
  List<SalesMetrics> due(int max) {
    List<SalesMetrics> due = new ArrayList<>();
    for (Row row : query(FIND_DUE, (long) max)) {
      String merchant = row.getString("merchant");
      due.add(
          new SalesMetrics(
              row.getOffsetDateTime("minute").toInstant().toEpochMilli(),
              merchant.isEmpty() ? null : merchant,
              row.getString("currency"),
              row.getLong("purchases"),
              new BigInteger(row.getString("purchases_minor")),
              row.getLong("refunds"),
              new BigInteger(row.getString("refunds_minor")),
              row.getLong("revision"),
              row.getOffsetDateTime("counted_at").toInstant().toEpochMilli()));
    }
    return due;
  }

  /** All up to this revision are in the topic. */
  void published(long revision) {
    var _ = query(NOTE, revision);
  }

  /** Takes up to so many away whose transactions have been dropped. */
  void deleteDropped(int max) {
    var _ = query(DELETE_DROPPED, (long) max);
  }

  /** For how long the oldest change waits. */
  Duration waiting() {
    return Duration.ofMillis(Math.round(new Session(database).one(READ_WAITING).getDouble(0)));
  }

  private RowSet<Row> query(String sql, Object... parameters) {
    return new Session(database).query(sql, parameters);
  }

  private static String load(String file) {
    return SqlText.load(SalesMetricsTable.class, file);
  }
}
