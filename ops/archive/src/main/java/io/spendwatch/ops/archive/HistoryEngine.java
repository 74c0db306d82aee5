package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.days.LiveDays;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Column;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.protocol.EventTime;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/**
 * The engine with our tables in it, under their names, for one query: what has been copied from the
 * database, and the transactions of files. Blocks, for one thread. Throws {@link OperatorException}
 * where it cannot.
 */
final class HistoryEngine implements AutoCloseable {
  static final String TRANSACTIONS = "transactions";

  private static final int ROWS_AT_ONCE = 10_000;

  private final DuckDBConnection connection;

  private HistoryEngine(DuckDBConnection connection) {
    this.connection = connection;
  }

  /** Opens one; parameters as {@link Parquet#open}. */
  static HistoryEngine open(Path spill, int memoryLimitBytes) {
    var engine = new HistoryEngine(Parquet.connect(spill, memoryLimitBytes));
    engine.execute("CREATE SCHEMA spendwatch");
    // What is copied, as it is copied.
    engine.execute("CREATE SCHEMA copied");
    // A table for each day, of which only is asked whether it would be read.
    engine.execute("CREATE SCHEMA days");
    engine.execute("SET search_path = 'spendwatch'");
    return engine;
  }

  /** A column of the database's, on its way here. */
  private record Copied(String name, Kind kind, String shown) {}

  /** What its values are on the way. */
  private enum Kind {
    TEXT("VARCHAR"),
    LONG("BIGINT"),
    INTEGER("INTEGER"),
    BOOLEAN("BOOLEAN"),
    DOUBLE("DOUBLE"),
    /** Microseconds since 1970. */
    TIME("BIGINT"),
    /** As text. */
    DECIMAL("VARCHAR"),
    DAY("VARCHAR");

    private final String type;

    Kind(String type) {
      this.type = type;
    }
  }

  /**
   * Copies rows of the database, and shows them under the name.
   *
   * @param name of the table, one of ours
   * @param select of its rows
   * @param deadlineNanos when it must have ended, by {@link System#nanoTime}
   * @return how many
   */
  long copy(Connection database, String name, String select, long deadlineNanos) {
    try (PreparedStatement statement = database.prepareStatement(select)) {
      statement.setFetchSize(ROWS_AT_ONCE);
      statement.setQueryTimeout(secondsTo(deadlineNanos));
      try (ResultSet rows = statement.executeQuery()) {
        List<Copied> columns = columns(rows.getMetaData());
        execute(
            columns.stream()
                .map(column -> quoted(column.name()) + " " + column.kind().type)
                .collect(
                    Collectors.joining(", ", "CREATE TABLE copied." + quoted(name) + " (", ")")));
        long copied = append(name, columns, rows, deadlineNanos);
        if (!name.equals(TRANSACTIONS)) {
          show(name, columns);
        }
        return copied;
      }
    } catch (SQLException e) {
      throw new OperatorException(
          "spendwatch." + name + " cannot be copied for it: " + e.getMessage(), e);
    }
  }

  private void show(String name, List<Copied> columns) {
    execute(
        columns.stream()
            .map(column -> column.shown() + " AS " + quoted(column.name()))
            .collect(
                Collectors.joining(
                    ", ",
                    "CREATE VIEW spendwatch." + quoted(name) + " AS SELECT ",
                    " FROM copied." + quoted(name))));
  }

  private long append(String name, List<Copied> columns, ResultSet rows, long deadlineNanos)
      throws SQLException {
    long copied = 0;
    try (DuckDBAppender appender = connection.createAppender("copied", name)) {
      while (rows.next()) {
        if (++copied % ROWS_AT_ONCE == 0) {
          int _ = secondsTo(deadlineNanos);
        }
        appender.beginRow();
        for (int i = 0; i < columns.size(); i++) {
          append(appender, columns.get(i).kind(), rows, i + 1);
        }
        appender.endRow();
      }
    }
    return copied;
  }

  private static void append(DuckDBAppender appender, Kind kind, ResultSet rows, int at)
      throws SQLException {
    // Asked first: a primitive has no null.
    if (rows.getObject(at) == null) {
      appender.appendNull();
      return;
    }
    switch (kind) {
      case TEXT -> appender.append(rows.getString(at));
      case LONG -> appender.append(rows.getLong(at));
      case INTEGER -> appender.append(rows.getInt(at));
      case BOOLEAN -> appender.append(rows.getBoolean(at));
      case DOUBLE -> appender.append(rows.getDouble(at));
      case TIME ->
          appender.append(LiveDays.micros(rows.getObject(at, OffsetDateTime.class), "time"));
      case DECIMAL -> appender.append(rows.getBigDecimal(at).toPlainString());
      case DAY -> appender.append(rows.getObject(at, LocalDate.class).toString());
    }
  }

  private static int secondsTo(long deadlineNanos) {
    long left = deadlineNanos - System.nanoTime();
    if (left <= 0) {
      throw new OperatorException(
          "to copy what the tables have of it took longer than spendwatch.analysis.timeout allows:"
              + " ask for fewer days, or of a roll-up");
    }
    return Math.toIntExact(TimeUnit.NANOSECONDS.toSeconds(left)) + 1;
  }

  private static List<Copied> columns(ResultSetMetaData meta) throws SQLException {
    List<Copied> columns = new ArrayList<>();
    for (int i = 1; i <= meta.getColumnCount(); i++) {
      String name = meta.getColumnName(i);
      String as = quoted(name);
      columns.add(
          switch (meta.getColumnTypeName(i)) {
            case "int8" -> new Copied(name, Kind.LONG, as);
            case "int4", "int2" -> new Copied(name, Kind.INTEGER, as);
            case "bool" -> new Copied(name, Kind.BOOLEAN, as);
            case "float4", "float8" -> new Copied(name, Kind.DOUBLE, as);
            case "timestamptz" -> new Copied(name, Kind.TIME, "make_timestamptz(" + as + ")");
            case "date" -> new Copied(name, Kind.DAY, "CAST(" + as + " AS DATE)");
            case "numeric" ->
                new Copied(
                    name,
                    Kind.DECIMAL,
                    String.format(
                        Locale.ROOT,
                        "CAST(%s AS DECIMAL(38, %d))",
                        as,
                        Math.clamp(meta.getScale(i), 0, 18)));
            // Arrays, JSON and the like as the server writes them.
            default -> new Copied(name, Kind.TEXT, as);
          });
    }
    return columns;
  }

  /**
   * Shows transactions: those of files, and those that were copied, where no file has them.
   *
   * @param archived days of which files may have what was copied too
   */
  void showTransactions(List<Path> files, SortedSet<LocalDate> archived) {
    ArchiveTable table = ArchiveTable.TRANSACTIONS;
    String copied =
        "SELECT "
            + table.columns().stream().map(Column::forParquet).collect(Collectors.joining(", "))
            + " FROM copied."
            + TRANSACTIONS;
    if (files.isEmpty()) {
      execute("CREATE VIEW spendwatch." + TRANSACTIONS + " AS " + copied);
      return;
    }
    if (!archived.isEmpty()) {
      // First come stays: who came once more after the day had left is in the archive as it was.
      execute(
          "DELETE FROM copied."
              + TRANSACTIONS
              + " AS here USING ("
              + Parquet.archived(table, files)
              + ") AS there WHERE here.event_time >= "
              + micros(archived.getFirst())
              + " AND here.event_time < "
              + micros(archived.getLast().plusDays(1))
              + table.key().stream()
                  .map(key -> " AND here." + key + " = there." + key)
                  .collect(Collectors.joining()));
    }
    execute(
        "CREATE VIEW spendwatch."
            + TRANSACTIONS
            + " AS SELECT "
            + table.names()
            + " FROM "
            + Parquet.files(files)
            + " UNION ALL "
            + copied);
  }

  private static long micros(LocalDate day) {
    return LiveDays.micros(day.atStartOfDay().atOffset(ZoneOffset.UTC), "day");
  }

  /**
   * Which days a query would read: by the engine's planner, whose conditions on event times
   * contradict those of the days that it need not read.
   */
  SortedSet<LocalDate> needed(String sql, Collection<LocalDate> days) {
    ArchiveTable table = ArchiveTable.TRANSACTIONS;
    // What is in them says nothing: they are empty.
    execute("SET disabled_optimizers = 'statistics_propagation'");
    String columns =
        table.columns().stream()
            .map(column -> column.name() + " " + column.shownType())
            .collect(Collectors.joining(", "));
    var tables = new StringBuilder();
    var union = new StringBuilder();
    for (LocalDate day : days) {
      tables.append("CREATE TABLE days.\"").append(day).append("\" (").append(columns).append(");");
      union
          .append(union.isEmpty() ? "" : " UNION ALL ")
          .append("SELECT * FROM days.\"")
          .append(day)
          .append("\" WHERE event_time >= TIMESTAMPTZ '")
          .append(day)
          .append(" 00:00:00Z' AND event_time < TIMESTAMPTZ '")
          .append(day.plusDays(1))
          .append(" 00:00:00Z'");
    }
    execute(tables.toString());
    execute("CREATE VIEW spendwatch." + TRANSACTIONS + " AS " + union);
    SortedSet<LocalDate> needed = new TreeSet<>();
    String plan = explain(sql);
    for (LocalDate day : days) {
      if (plan.contains("\\\"days\\\".\\\"" + day + "\\\"")) {
        needed.add(day);
      }
    }
    return needed;
  }

  private String explain(String sql) {
    // Prepared before it is run: else it would only say that it has failed.
    try (PreparedStatement statement = connection.prepareStatement("EXPLAIN (FORMAT JSON) " + sql);
        ResultSet rows = statement.executeQuery()) {
      var plan = new StringBuilder();
      while (rows.next()) {
        plan.append(rows.getString(2));
      }
      return plan.toString();
    } catch (SQLException e) {
      throw notTaken(e);
    }
  }

  /** What an answer has. */
  record Answered(List<String> columns, List<List<Object>> rows, boolean truncated) {}

  /** Bounds of an answer. */
  record Bounds(int rowsMax, long bytesMax, Duration timeout) {}

  /**
   * Answers a query, which can read nothing but what is here.
   *
   * @param files that it reads
   * @param unwanted ends it when it completes
   */
  Answered answer(String sql, List<Path> files, Bounds bounds, CompletionStage<?> unwanted) {
    execute(
        "SET allowed_paths = "
            + files.stream()
                .map(file -> Parquet.literal(file.toString()))
                .collect(Collectors.joining(", ", "[", "]")));
    execute("SET enable_external_access = false");
    execute("SET lock_configuration = true");
    // Says what it does not take; a query whose rows are streamed would only say that it failed.
    String _ = explain(sql);
    try (Statement statement = connection.createStatement()) {
      var ended = new CompletableFuture<Void>();
      var cancelled =
          CompletableFuture.anyOf(
              unwanted.toCompletableFuture(),
              ended,
              new CompletableFuture<Void>()
                  .completeOnTimeout(null, bounds.timeout().toNanos(), TimeUnit.NANOSECONDS));
      var _ =
          cancelled.thenRun(
              () -> {
                if (!ended.isDone()) {
                  cancel(statement);
                }
              });
      try (ResultSet rows = statement.executeQuery(sql)) {
        return read(rows, bounds);
      } catch (SQLException e) {
        throw cancelled.isDone()
            ? new OperatorException(
                "given up: it took longer than spendwatch.archive.query-timeout allows", e)
            : notTaken(e);
      } finally {
        ended.complete(null);
      }
    } catch (SQLException e) {
      throw notTaken(e);
    }
  }

  private static void cancel(Statement statement) {
    try {
      statement.cancel();
    } catch (SQLException _) {
      // It has ended.
    }
  }

  private static Answered read(ResultSet rows, Bounds bounds) throws SQLException {
    ResultSetMetaData meta = rows.getMetaData();
    List<String> columns = new ArrayList<>();
    for (int i = 1; i <= meta.getColumnCount(); i++) {
      columns.add(meta.getColumnLabel(i));
    }
    List<List<Object>> answered = new ArrayList<>();
    long bytes = 0;
    while (rows.next()) {
      List<Object> row = new ArrayList<>(columns.size());
      for (int i = 1; i <= columns.size(); i++) {
        Object cell = cell(rows.getObject(i));
        row.add(cell);
        bytes += String.valueOf(cell).length();
      }
      if (answered.size() == bounds.rowsMax() || bytes > bounds.bytesMax()) {
        return new Answered(columns, answered, true);
      }
      answered.add(row);
    }
    return new Answered(columns, answered, false);
  }

  /** As answers of PostgreSQL have it: whole numbers, and texts for all else. */
  private static Object cell(Object value) {
    return switch (value) {
      case null -> null;
      case Long _, Integer _, Short _, Boolean _ -> value;
      case Byte number -> number.intValue();
      case BigDecimal number -> number.toPlainString();
      case OffsetDateTime time -> EventTime.format(time.toInstant().toEpochMilli());
      default -> value.toString();
    };
  }

  private static OperatorException notTaken(SQLException e) {
    return new OperatorException(
        "the archive's engine (DuckDB) says: "
            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
        e);
  }

  /** A user's transactions in files. */
  void read(String userId, List<Path> files, Consumer<Object[]> each) {
    Parquet.read(
        connection,
        ArchiveTable.TRANSACTIONS,
        Parquet.archived(ArchiveTable.TRANSACTIONS, files)
            + " WHERE user_id = "
            + Parquet.literal(userId),
        each);
  }

  private static String quoted(String name) {
    return "\"" + name.replace("\"", "\"\"") + "\"";
  }

  private void execute(String sql) {
    Parquet.execute(connection, sql);
  }

  @Override
  public void close() {
    Parquet.close(connection);
  }
}
