package io.spendwatch.ops.storage.schema;

import io.spendwatch.errors.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Statements and transactions over one connection by JDBC, whose failures are said in words of
 * whoever opened it. Blocks the calling thread. For one thread. Throws {@link OperatorException}
 * where PostgreSQL does not do it.
 */
public final class JdbcSession implements AutoCloseable {
  private final Connection connection;
  private final Function<SQLException, OperatorException> failure;

  /**
   * @param connection is closed with this; each statement is a transaction of its own but
   *     {@linkplain #inTransaction within one}
   * @param failure says what has failed, and of which database
   */
  public JdbcSession(Connection connection, Function<SQLException, OperatorException> failure) {
    this.connection = connection;
    this.failure = failure;
  }

  /** Reads a row's values. */
  public interface RowReader<T> {
    T read(ResultSet row) throws SQLException;
  }

  /** What is done in one transaction. */
  public interface Work<T> {
    T run() throws SQLException;
  }

  /** For what this has no words for. */
  public Connection connection() {
    return connection;
  }

  /** What the driver says, in the words of this session. */
  public OperatorException failure(SQLException e) {
    return failure.apply(e);
  }

  /** What is read of the first row; there has to be one. */
  public <T> T one(String sql, RowReader<T> reader, Object... values) {
    return all(sql, reader, values).getFirst();
  }

  /** What is read of each row, in their order. */
  public <T> List<T> all(String sql, RowReader<T> reader, Object... values) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      List<T> found = new ArrayList<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.add(reader.read(rows));
        }
      }
      return found;
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  /** How many rows it has changed. */
  public long update(String sql, Object... values) {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      bind(statement, values);
      return statement.executeLargeUpdate();
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private static void bind(PreparedStatement statement, Object... values) throws SQLException {
    for (int i = 0; i < values.length; i++) {
      statement.setObject(i + 1, values[i]);
    }
  }

  /** Does the work in one transaction: all of it is there in the end, or none. */
  public <T> T inTransaction(Work<T> work) {
    return inTransaction("READ COMMITTED", work);
  }

  /** The same, and it sees the tables as they are at its first statement. */
  public <T> T inSnapshot(Work<T> work) {
    return inTransaction("REPEATABLE READ", work);
  }

  private <T> T inTransaction(String isolation, Work<T> work) {
    try {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        boolean _ = statement.execute("SET TRANSACTION ISOLATION LEVEL " + isolation);
        T result = work.run();
        connection.commit();
        return result;
      } catch (SQLException | RuntimeException | Error e) {
        rollBack(e);
        throw e;
      } finally {
        if (!connection.isClosed()) {
          connection.setAutoCommit(true);
        }
      }
    } catch (SQLException e) {
      throw failure(e);
    }
  }

  private void rollBack(Throwable why) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      // The connection is gone, and the transaction with it.
      why.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failure(e);
    }
  }
}
