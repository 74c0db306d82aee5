package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Column;
import io.spendwatch.ops.archive.format.EncodedRow;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.storage.schema.JdbcSession;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyOut;

/**
 * Rows of PostgreSQL's tables in the binary format of its COPY: as they are stored, with no object
 * made of a value, while the server goes on with those that follow. For one thread at a time.
 */
final class CopyRows implements Parquet.RowSource, AutoCloseable {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

  /** The eleven bytes that the format begins with, and flags, of which we know none. */
  private static final int SIGNATURE_BYTES = 11 + Integer.BYTES;

  private static final int NO_MORE = -1;
  private static final int NULL = -1;

  /** PostgreSQL counts from the year 2000. */
  private static final long EPOCH_MICROS = 946_684_800_000_000L;

  private final JdbcSession session;
  private final ArchiveTable table;
  private final CopyOut copy;

  /** What has come and is not read yet, from {@link #at} on: as a rule, one row. */
  private byte[] came = {};

  private int at;

  private boolean hasBegun;

  private CopyRows(JdbcSession session, ArchiveTable table, CopyOut copy) {
    this.session = session;
    this.table = table;
    this.copy = copy;
  }

  /** The rows of a table from one instant to before the other. In a transaction, to its end. */
  static CopyRows open(JdbcSession session, ArchiveTable table, Instant begin, Instant end) {
    try {
      return new CopyRows(
          session,
          table,
          session
              .connection()
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyOut("COPY (" + table.select(begin, end) + ") TO STDOUT (FORMAT binary)"));
    } catch (SQLException e) {
      throw session.failure(e);
    }
  }

  @Override
  public boolean next(EncodedRow row) {
    try {
      return read(row);
    } catch (SQLException e) {
      throw session.failure(e);
    }
  }

  private boolean read(EncodedRow row) throws SQLException {
    if (!hasBegun) {
      int _ = take(SIGNATURE_BYTES);
      int _ = take(takeInt());
      hasBegun = true;
    }
    int fields = takeShort();
    if (fields == NO_MORE) {
      if (copy.readFromCopy() != null) {
        throw new IllegalStateException("rows after the last one");
      }
      return false;
    }
    List<Column> columns = table.columns();
    if (fields != columns.size()) {
      throw new IllegalStateException("a row of " + table.word() + " has " + fields + " fields");
    }
    row.clear();
    for (Column column : columns) {
      int length = takeInt();
      if (length == NULL) {
        row.addNull();
      } else {
        add(row, column, take(length), length);
      }
    }
    return true;
  }

  private void add(EncodedRow row, Column column, int from, int length) {
    switch (column.type()) {
      case TEXT -> row.addText(came, from, length);
      case LONG, INTEGER -> row.addNumber((long) LONG.get(came, from));
      case DOUBLE -> row.addShare(Double.longBitsToDouble((long) LONG.get(came, from)));
      case BOOLEAN -> row.addFlag(came[from] != 0);
      case TIME -> row.addNumber(micros((long) LONG.get(came, from), column.name()));
      case BYTES -> row.addBytes(came, from, length);
    }
  }

  /** Microseconds since 1970. */
  private static long micros(long since2000, String name) {
    if (since2000 == Long.MAX_VALUE || since2000 == Long.MIN_VALUE) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "a row has the %s %sinfinity, which is no time: correct or delete it",
              name,
              since2000 < 0 ? "-" : ""));
    }
    return since2000 + EPOCH_MICROS;
  }

  private int takeShort() throws SQLException {
    int from = take(Short.BYTES);
    return (short) SHORT.get(came, from);
  }

  private int takeInt() throws SQLException {
    int from = take(Integer.BYTES);
    return (int) INT.get(came, from);
  }

  /** Where the next bytes are in what came; so many of them. */
  private int take(int length) throws SQLException {
    while (came.length - at < length) {
      byte[] more = copy.readFromCopy();
      if (more == null) {
        throw new IllegalStateException("the rows end in the midst of one");
      }
      int left = came.length - at;
      if (left == 0) {
        came = more;
      } else {
        byte[] both = Arrays.copyOfRange(came, at, came.length + more.length);
        System.arraycopy(more, 0, both, left, more.length);
        came = both;
      }
      at = 0;
    }
    int from = at;
    at += length;
    return from;
  }

  /** Whoever has not read to the end leaves the rest. */
  @Override
  public void close() {
    try {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    } catch (SQLException e) {
      throw session.failure(e);
    }
  }
}
