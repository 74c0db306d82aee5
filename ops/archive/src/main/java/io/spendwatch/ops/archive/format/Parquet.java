package io.spendwatch.ops.archive.format;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBChunkedResult;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkReader;
import org.duckdb.DuckDBPreparedStatement;
import org.duckdb.DuckDBReadableVector;

/**
 * The engine that writes and reads Parquet: DuckDB, in this process, with a bound on its memory
 * beyond which it works on files. Rows of a table are first {@linkplain #stage staged} in it.
 * Blocks for as long as it works, natively: for a thread of its own. Throws {@link
 * OperatorException} where it cannot.
 */
public final class Parquet implements AutoCloseable {
  /** So many rows share a dictionary, and are skipped or read together. */
  private static final int ROW_GROUP_ROWS = 122_880;

  /** The fastest; ids, which have digits in common and no words, come out smaller than by more. */
  private static final int ZSTD_LEVEL = 1;

  private static final int THREAD_BYTES = 64 << 20;

  private final DuckDBConnection connection;

  private Parquet(DuckDBConnection connection) {
    this.connection = connection;
  }

  /** Gives a row on. */
  public interface Rows {
    void forEach(Consumer<Object[]> each);
  }

  /**
   * Opens one.
   *
   * @param spill a directory for what does not fit into memory
   */
  public static Parquet open(Path spill, int memoryLimitBytes) {
    return new Parquet(connect(spill, memoryLimitBytes));
  }

  /** The engine alone, with nothing in it; parameters as {@link #open}. */
  public static DuckDBConnection connect(Path spill, int memoryLimitBytes) {
    var properties = new Properties();
    // Else the rows of an answer would be in memory all at once.
    properties.setProperty("jdbc_stream_results", "true");
    try {
      var connection =
          DriverManager.getConnection("jdbc:duckdb:", properties).unwrap(DuckDBConnection.class);
      try (Statement statement = connection.createStatement()) {
        statement.execute("SET memory_limit = '" + memoryLimitBytes / 1024 + "KiB'");
        statement.execute("SET threads = " + threads(memoryLimitBytes));
        statement.execute("SET temp_directory = " + literal(spill.toString()));
        statement.execute("SET TimeZone = 'UTC'");
        // Nothing is fetched from anywhere.
        statement.execute("SET autoinstall_known_extensions = false");
        // A file is in the order of its sort, or in none.
        statement.execute("SET preserve_insertion_order = false");
        return connection;
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Each has a row group, and a share of a sort, in memory: else many cores would need more. */
  private static int threads(int memoryLimitBytes) {
    return Math.clamp(
        memoryLimitBytes / THREAD_BYTES, 1, Runtime.getRuntime().availableProcessors());
  }

  /** Rows, one after the other. */
  public interface RowSource {
    /** Puts the next one in place of what is in the given one; false where there is none. */
    boolean next(EncodedRow row);
  }

  /**
   * Rows of the table, in place of those that were staged of it before.
   *
   * @param table without columns of bytes
   * @param rows asked by threads of the engine's, one after the other, while the caller waits
   */
  public void stage(ArchiveTable table, RowSource rows) {
    execute("DROP TABLE IF EXISTS " + staged(table));
    try {
      PulledRows.create(connection, staged(table), table, rows);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Dead letters likewise, which are few and come when they come: row by row. */
  public void stageLetters(Rows rows) {
    ArchiveTable table = ArchiveTable.DEAD_LETTERS;
    execute("DROP TABLE IF EXISTS " + staged(table));
    execute(
        "CREATE TABLE "
            + staged(table)
            + table.columns().stream()
                .map(Column::definition)
                .collect(Collectors.joining(", ", " (", ")")));
    try (DuckDBAppender appender = connection.createAppender(staged(table))) {
      rows.forEach(row -> append(appender, table.columns(), row));
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private static void append(DuckDBAppender appender, List<Column> columns, Object[] row) {
    try {
      appender.beginRow();
      for (int i = 0; i < row.length; i++) {
        boolean isInteger = columns.get(i).type() == Column.Type.INTEGER;
        switch (row[i]) {
          case null -> appender.appendNull();
          case Long number when isInteger -> appender.append(Math.toIntExact(number));
          case Long number -> appender.append((long) number);
          case String text -> appender.append(text);
          case byte[] bytes -> appender.append(bytes);
          default -> throw new IllegalStateException("no value of a letter: " + row[i].getClass());
        }
      }
      appender.endRow();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** The name of the engine's table with the staged rows. */
  public static String staged(ArchiveTable table) {
    return "staged_" + table.word();
  }

  /** A query for the rows of files, as they are staged. */
  public static String archived(ArchiveTable table, Collection<Path> files) {
    return table.columns().stream()
            .map(Column::fromParquet)
            .collect(Collectors.joining(", ", "SELECT ", ""))
        + " FROM "
        + files(files);
  }

  /** Files, as a query reads them. */
  public static String files(Collection<Path> files) {
    return files.stream()
        .map(file -> literal(file.toString()))
        .collect(Collectors.joining(", ", "read_parquet([", "])"));
  }

  /**
   * Writes rows to a file, sorted by the table's key.
   *
   * @param query for staged rows
   */
  public void write(ArchiveTable table, String query, Path file) {
    execute(
        String.format(
            Locale.ROOT,
            "COPY (SELECT %s FROM (%s) AS r ORDER BY %s) TO %s (FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd,"
                + " COMPRESSION_LEVEL %d, ROW_GROUP_SIZE %d, KV_METADATA {spendwatch_schema: '%d', spendwatch_table: '%s'})",
            table.columns().stream().map(Column::forParquet).collect(Collectors.joining(", ")),
            query,
            table.key().stream().map(name -> "r." + name).collect(Collectors.joining(", ")),
            literal(file.toString()),
            ZSTD_LEVEL,
            ROW_GROUP_ROWS,
            Manifest.SCHEMA_VERSION,
            table.word()));
  }

  /**
   * Gives the rows of a query on, in its order.
   *
   * @param query for rows with the table's columns, as they are staged
   */
  public void read(ArchiveTable table, String query, Consumer<Object[]> each) {
    read(connection, table, query, each);
  }

  public static void read(
      DuckDBConnection connection, ArchiveTable table, String query, Consumer<Object[]> each) {
    List<Column> columns = table.columns();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery("SELECT " + table.names() + " FROM (" + query + ") AS r")) {
      while (rows.next()) {
        Object[] row = new Object[columns.size()];
        for (int i = 0; i < row.length; i++) {
          row[i] = value(rows, i + 1, columns.get(i).type());
        }
        each.accept(row);
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private static Object value(ResultSet rows, int at, Column.Type type) throws SQLException {
    Object value =
        switch (type) {
          case TEXT -> rows.getString(at);
          case LONG, INTEGER, TIME -> rows.getLong(at);
          case DOUBLE -> rows.getDouble(at);
          case BOOLEAN -> rows.getBoolean(at);
          case BYTES -> rows.getBytes(at);
        };
    return rows.wasNull() ? null : value;
  }

  /**
   * What the rows of a query come to, with the table's columns as they are staged. Whoever asks
   * knows what it has to be: where the engine fails in the midst, it is that of fewer rows.
   */
  public Totals totals(ArchiveTable table, String query) {
    var totals = new RowTotals(table);
    var row = new EncodedRow(table);
    List<Column> columns = table.columns();
    try (var statement =
            connection
                .prepareStatement("SELECT " + encoded(columns) + " FROM (" + query + ") AS r")
                .unwrap(DuckDBPreparedStatement.class);
        DuckDBChunkedResult result = statement.query()) {
      var vectors = new DuckDBReadableVector[columns.size()];
      while (result.nextChunk()) {
        DuckDBDataChunkReader chunk = result.chunk();
        for (int i = 0; i < vectors.length; i++) {
          vectors[i] = chunk.vector(i);
        }
        DuckDBReadableVector texts = chunk.vector(vectors.length);
        for (long at = 0; at < chunk.rowCount(); at++) {
          row.clear();
          byte[] text = texts.getString(at).getBytes(UTF_8);
          int from = 0;
          for (int i = 0; i < vectors.length; i++) {
            from += add(row, columns.get(i).type(), vectors[i], at, text, from);
          }
          totals.add(row);
        }
      }
    } catch (SQLException e) {
      throw failure(e);
    }
    return totals.totals();
  }

  /** The columns, and all texts of a row as one: the engine makes a copy of each that it gives. */
  private static String encoded(List<Column> columns) {
    return columns.stream().map(Column::encoded).collect(Collectors.joining(", "))
        + columns.stream()
            .filter(column -> column.type() == Column.Type.TEXT)
            .map(column -> "r." + column.name())
            .collect(Collectors.joining(", ", ", concat(", ")"));
  }

  /** Adds a value; how many bytes of the texts it was. */
  private static int add(
      EncodedRow row,
      Column.Type type,
      DuckDBReadableVector vector,
      long at,
      byte[] texts,
      int from) {
    if (vector.isNull(at)) {
      row.addNull();
      return 0;
    }
    switch (type) {
      case TEXT -> {
        int length = Math.toIntExact(vector.getLong(at));
        row.addText(texts, from, length);
        return length;
      }
      case LONG, TIME -> row.addNumber(vector.getLong(at));
      case INTEGER -> row.addNumber(vector.getInt(at));
      case DOUBLE -> row.addShare(vector.getDouble(at));
      case BOOLEAN -> row.addFlag(vector.getBoolean(at));
      case BYTES -> row.addBytes(Base64.getDecoder().decode(vector.getString(at)));
    }
    return 0;
  }

  public long count(String query) {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT count(*) FROM (" + query + ") AS r")) {
      rows.next();
      return rows.getLong(1);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private void execute(String sql) {
    execute(connection, sql);
  }

  public static void execute(DuckDBConnection connection, String sql) {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  public static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  private static OperatorException failure(SQLException e) {
    return new OperatorException("Parquet: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    close(connection);
  }

  public static void close(DuckDBConnection connection) {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** Removes a directory of files that were needed while working. */
  public static void remove(Path directory) {
    try (var files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      throw new OperatorException("cannot remove " + directory + ": " + e, e);
    }
  }
}
