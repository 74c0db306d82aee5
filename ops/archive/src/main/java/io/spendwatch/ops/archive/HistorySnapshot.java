package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.QueryPlan;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.database.SqlText;
import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The database at one moment, as a question over what has left needs it: which days there are, and
 * rows on their way into the engine. While it is open, no partition of the transactions goes. Owns
 * a connection; blocks, for one thread. Throws {@link OperatorException} where it cannot.
 */
final class HistorySnapshot implements AutoCloseable {
  private static final String READABLE_COLUMNS =
      SqlText.load(HistorySnapshot.class, "read_columns");
  private static final String READ_HISTORY = SqlText.load(HistorySnapshot.class, "read_history");

  private final PostgresAddress database;
  private final Connection connection;

  private HistorySnapshot(PostgresAddress database, Connection connection) {
    this.database = database;
    this.connection = connection;
  }

  /**
   * What the transactions are made of at a moment.
   *
   * @param dropped days that are in the archive alone
   * @param attached days of partitions that are read with the table
   * @param leaving days of partitions that are out of sight, or will be in a moment
   */
  record Seen(
      SortedSet<LocalDate> dropped,
      SortedSet<LocalDate> attached,
      SortedSet<LocalDate> leaving,
      Instant readAt) {
    /** All of these days. */
    SortedSet<LocalDate> all() {
      SortedSet<LocalDate> all = new TreeSet<>(dropped);
      all.addAll(attached);
      all.addAll(leaving);
      return all;
    }
  }

  /** A session that only reads, in a transaction that sees one moment from {@link #see} on. */
  static HistorySnapshot open(PostgresAddress database, String role) {
    try {
      return new HistorySnapshot(database, connect(database, role));
    } catch (SQLException e) {
      throw failure(database, e);
    }
  }

  private static Connection connect(PostgresAddress database, String role) throws SQLException {
    Connection connection = database.connect("spendwatch-history");
    try (Statement statement = connection.createStatement()) {
      if (!role.isEmpty()) {
        statement.execute("SET ROLE " + role);
      }
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /**
   * What there is. With this the snapshot's moment begins, and from then on no partition goes.
   *
   * @param uri of the archive that the days have to be in
   */
  Seen see(String uri) {
    try (Statement statement = connection.createStatement()) {
      // Before the snapshot: from then on no partition of it goes until this ends.
      statement.execute("LOCK TABLE spendwatch.transactions IN ACCESS SHARE MODE");
      try (ResultSet row = statement.executeQuery(READ_HISTORY)) {
        row.next();
        String noted = row.getString("archive_uri");
        if (!uri.equals(noted)) {
          throw new OperatorException(
              "the database's days are in the archive at " + noted + ", not at " + uri);
        }
        SortedSet<LocalDate> dropped = new TreeSet<>();
        for (Object day : elements(row.getArray("dropped"))) {
          dropped.add(((Date) day).toLocalDate());
        }
        return new Seen(
            dropped,
            days(row.getArray("attached")),
            days(row.getArray("leaving")),
            row.getObject("read_at", OffsetDateTime.class).toInstant());
      }
    } catch (SQLException e) {
      throw failure(database, e);
    }
  }

  private static NavigableSet<LocalDate> days(Array partitions) throws SQLException {
    NavigableSet<LocalDate> days = new TreeSet<>();
    for (Object name : elements(partitions)) {
      QueryPlan.days(name.toString()).forEach(days::add);
    }
    return days;
  }

  private static Object[] elements(Array array) throws SQLException {
    return (Object[]) array.getArray();
  }

  /**
   * Copies what is named, but for the transactions, without a row: a query can be planned then.
   *
   * @param deadlineNanos when it must have ended, by {@link System#nanoTime}
   */
  void copyColumns(HistoryEngine engine, Set<String> relations, long deadlineNanos) {
    for (String relation : others(relations)) {
      engine.copy(connection, relation, selectOf(relation) + " LIMIT 0", deadlineNanos);
    }
  }

  /**
   * Copies the transactions of some days, and all of what else a query names.
   *
   * @param relations that it names
   * @param deadlineNanos when it must have ended, by {@link System#nanoTime}
   * @return how many rows
   */
  long copy(
      HistoryEngine engine, Set<String> relations, SortedSet<LocalDate> days, long deadlineNanos) {
    long rows =
        engine.copy(
            connection,
            HistoryEngine.TRANSACTIONS,
            "SELECT "
                + ArchiveTable.TRANSACTIONS.names()
                + " FROM spendwatch.transactions WHERE "
                + spans(days),
            deadlineNanos);
    for (String relation : others(relations)) {
      rows += engine.copy(connection, relation, selectOf(relation), deadlineNanos);
    }
    return rows;
  }

  /** Days that follow each other are one condition; of none, one that holds of no row. */
  static String spans(SortedSet<LocalDate> days) {
    List<String> spans = new ArrayList<>();
    LocalDate first = null;
    LocalDate next = null;
    for (LocalDate day : days) {
      if (!day.equals(next)) {
        if (first != null) {
          spans.add(span(first, next));
        }
        first = day;
      }
      next = day.plusDays(1);
    }
    if (first == null) {
      return "false";
    }
    spans.add(span(first, next));
    return String.join(" OR ", spans);
  }

  private static String span(LocalDate first, LocalDate end) {
    return String.format(
        Locale.ROOT, "event_time >= '%sT00:00:00Z' AND event_time < '%sT00:00:00Z'", first, end);
  }

  /** What may be read of it: of accounts all but the names. */
  private String selectOf(String relation) {
    try (PreparedStatement statement = connection.prepareStatement(READABLE_COLUMNS)) {
      statement.setString(1, "spendwatch." + relation);
      try (ResultSet rows = statement.executeQuery()) {
        String columns = rows.next() ? rows.getString(1) : null;
        return "SELECT " + (columns == null ? "*" : columns) + " FROM spendwatch." + relation;
      }
    } catch (SQLException e) {
      throw new OperatorException(
          "it cannot be found out what may be read of spendwatch."
              + relation
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /** But for the transactions; names of ours, which need no quotes. */
  private static List<String> others(Set<String> relations) {
    return relations.stream()
        .filter(relation -> !relation.equals(HistoryEngine.TRANSACTIONS))
        .sorted()
        .toList();
  }

  private static OperatorException failure(PostgresAddress database, SQLException e) {
    return new OperatorException(database + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(database, e);
    }
  }
}
