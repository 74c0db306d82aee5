package io.spendwatch.ops.archive.format;

import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.duckdb.DuckDBColumnType;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkWriter;
import org.duckdb.DuckDBFunctions;
import org.duckdb.DuckDBTableFunction;
import org.duckdb.DuckDBTableFunctionBindInfo;
import org.duckdb.DuckDBTableFunctionBuilder;
import org.duckdb.DuckDBTableFunctionCallInfo;
import org.duckdb.DuckDBTableFunctionInitInfo;
import org.duckdb.DuckDBWritableVector;

/**
 * A function of the engine's whose rows come from here: it asks for some two thousand of them at a
 * time, and all texts of a column go into it by one call. The engine calls from threads of its own,
 * one after the other.
 */
final class PulledRows implements DuckDBTableFunction<String, String, String> {
  /** Of a name that the engine has, it keeps the function that it has, without a word. */
  private static final AtomicLong NAMES = new AtomicLong();

  private final List<Column> columns;
  private final Parquet.RowSource source;
  private final EncodedRow row;
  private boolean hasEnded;

  /** Of the source; the engine makes a text of what is thrown into it. Null while there is none. */
  private volatile Throwable thrown;

  private PulledRows(ArchiveTable table, Parquet.RowSource source) {
    this.columns = table.columns();
    this.source = source;
    this.row = new EncodedRow(table);
  }

  /**
   * Makes a table of all rows of a source.
   *
   * @param table without columns of bytes
   * @throws SQLException where the engine fails; what the source throws is thrown as it is
   */
  static void create(
      DuckDBConnection connection, String name, ArchiveTable table, Parquet.RowSource source)
      throws SQLException {
    var rows = new PulledRows(table, source);
    String function = "pulled_rows_" + NAMES.incrementAndGet();
    try (DuckDBTableFunctionBuilder builder = DuckDBFunctions.tableFunction();
        Statement statement = connection.createStatement()) {
      var _ = builder.withName(function).withFunction(rows).register(connection);
      statement.execute("CREATE TABLE " + name + " AS SELECT * FROM " + function + "()");
    } catch (SQLException e) {
      switch (rows.thrown) {
        case RuntimeException its -> throw its;
        case Error its -> throw its;
        case null, default -> throw e;
      }
    }
  }

  @Override
  public String bind(DuckDBTableFunctionBindInfo result) {
    for (Column column : columns) {
      result.addResultColumn(column.name(), type(column));
    }
    return "";
  }

  private static DuckDBColumnType type(Column column) {
    return switch (column.type()) {
      case TEXT -> DuckDBColumnType.VARCHAR;
      case LONG, TIME -> DuckDBColumnType.BIGINT;
      case INTEGER -> DuckDBColumnType.INTEGER;
      case DOUBLE -> DuckDBColumnType.DOUBLE;
      case BOOLEAN -> DuckDBColumnType.BOOLEAN;
      case BYTES -> throw new IllegalStateException("the engine takes no bytes: " + column.name());
    };
  }

  @Override
  public String init(DuckDBTableFunctionInitInfo threads) {
    threads.setMaxThreads(1);
    return "";
  }

  @Override
  public long apply(DuckDBTableFunctionCallInfo call, DuckDBDataChunkWriter chunk) {
    try {
      return hasEnded ? 0 : fill(chunk);
    } catch (RuntimeException | Error e) {
      thrown = e;
      throw e;
    }
  }

  /** How many rows there were. */
  private int fill(DuckDBDataChunkWriter chunk) {
    int most = Math.toIntExact(chunk.capacity());
    var vectors = new DuckDBWritableVector[columns.size()];
    byte[][][] texts = new byte[columns.size()][][];
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = chunk.vector(i);
      texts[i] = columns.get(i).type() == Column.Type.TEXT ? new byte[most][] : null;
    }
    int rows = 0;
    while (rows < most && !hasEnded) {
      if (source.next(row)) {
        put(vectors, texts, rows);
        rows++;
      } else {
        hasEnded = true;
      }
    }
    for (int i = 0; i < vectors.length; i++) {
      if (texts[i] != null) {
        vectors[i].setStringUtf8Batch(0, rows == most ? texts[i] : Arrays.copyOf(texts[i], rows));
      }
    }
    return rows;
  }

  private void put(DuckDBWritableVector[] vectors, byte[][][] texts, int at) {
    for (int i = 0; i < vectors.length; i++) {
      if (row.isNull(i)) {
        if (texts[i] == null) {
          vectors[i].setNull(at);
        }
        continue;
      }
      switch (columns.get(i).type()) {
        case TEXT -> texts[i][at] = row.bytes(i);
        case LONG, TIME -> vectors[i].setLong(at, row.number(i));
        case INTEGER -> vectors[i].setInt(at, Math.toIntExact(row.number(i)));
        case DOUBLE -> vectors[i].setDouble(at, row.share(i));
        case BOOLEAN -> vectors[i].setBoolean(at, row.flag(i));
        case BYTES -> throw new IllegalStateException("the engine takes no bytes");
      }
    }
  }
}
