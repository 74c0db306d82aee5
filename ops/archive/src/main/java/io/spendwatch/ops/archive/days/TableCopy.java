package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.storage.schema.JdbcSession;
import java.sql.SQLException;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * Puts rows of the archive into a table of PostgreSQL by COPY, a share of them in memory at a time.
 * Stateless.
 */
final class TableCopy {
  private static final int COPY_CHARS = 1 << 16;

  private TableCopy() {}

  /**
   * Copies them. To be called in a transaction.
   *
   * @param target a table with the columns of those of the archive, as statements name it
   * @throws OperatorException where PostgreSQL does not take them
   */
  static void copy(JdbcSession session, String target, ArchiveTable table, Parquet.Rows rows) {
    try {
      CopyIn copy =
          session
              .connection()
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyIn("COPY " + target + " (" + table.names() + ") FROM STDIN");
      try {
        var text = new CopyText(table);
        rows.forEach(
            row -> {
              text.add(row);
              if (text.length() > COPY_CHARS) {
                send(session, copy, text);
              }
            });
        send(session, copy, text);
        long _ = copy.endCopy();
      } finally {
        if (copy.isActive()) {
          copy.cancelCopy();
        }
      }
    } catch (SQLException e) {
      throw session.failure(e);
    }
  }

  private static void send(JdbcSession session, CopyIn copy, CopyText text) {
    byte[] bytes = text.take();
    try {
      copy.writeToCopy(bytes, 0, bytes.length);
    } catch (SQLException e) {
      throw session.failure(e);
    }
  }
}
