package io.spendwatch.ops.testing;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/**
 * A database as a test asks it: a connection for each question. What the database refuses is an
 * {@link AssertionError} that names the statement. For any thread.
 */
public record TestDatabase(PostgresAddress address) {

  /** The first column of the first row; a query without rows is refused. */
  public String text(String query) {
    List<String> column = column(query);
    if (column.isEmpty()) {
      throw new AssertionError("no row: " + query);
    }
    return column.getFirst();
  }

  /** The same, of a whole number. */
  public long number(String query) {
    return Long.parseLong(text(query));
  }

  /** The first column of all rows. */
  public List<String> column(String query) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> column = new ArrayList<>();
      while (rows.next()) {
        column.add(rows.getString(1));
      }
      return column;
    } catch (SQLException e) {
      throw new AssertionError(query, e);
    }
  }

  /**
   * Makes another database on its server, which no transaction may do.
   *
   * @param definition its name, and what else {@code CREATE DATABASE} takes
   */
  public void createDatabase(String definition) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      boolean _ = statement.execute("CREATE DATABASE " + definition);
    } catch (SQLException e) {
      throw new AssertionError(definition, e);
    }
  }

  /** Executes them in one transaction. */
  public void execute(String... statements) {
    String last = "";
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      for (String sql : statements) {
        last = sql;
        boolean _ = statement.execute(sql);
      }
      connection.commit();
    } catch (SQLException e) {
      throw new AssertionError(last, e);
    }
  }

  /** How many rows it has changed. */
  public int update(String sql) {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      return statement.executeUpdate(sql);
    } catch (SQLException e) {
      throw new AssertionError(sql, e);
    }
  }

  /** The caller closes it. */
  public Connection connect() throws SQLException {
    return address.connect("test");
  }
}
