package io.spendwatch.ops.capture.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Where a capture keeps how far a warehouse is: a row with its name, in a table of the warehouse,
 * written in the very transactions that write the rows. A number in it that each start raises ends
 * whoever wrote before. For one thread; blocks.
 */
public final class WarehouseState {
  static final String STATE = "spendwatch_capture";
  public static final String HISTORY = "spendwatch_capture_history";

  /** Ours in the warehouse's schema. */
  static final List<String> TABLES = List.of(STATE, HISTORY);

  private final WarehouseConfig warehouse;
  private final String name;
  private final Connection connection;
  private long epoch;

  public WarehouseState(WarehouseConfig warehouse, String name, Connection connection) {
    this.warehouse = warehouse;
    this.name = name;
    this.connection = connection;
  }

  /** Makes the tables where they are missing. The caller commits. */
  public void prepare() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      if (isMissing(STATE)) {
        statement.execute(
            "CREATE TABLE IF NOT EXISTS "
                + warehouse.qualified(STATE)
                + " (name text PRIMARY KEY, epoch bigint NOT NULL, source text, position text, targets text[],"
                + " updated_at timestamptz NOT NULL)");
      }
      if (isMissing(HISTORY)) {
        statement.execute(
            "CREATE TABLE IF NOT EXISTS "
                + warehouse.qualified(HISTORY)
                + " (name text, place bigint, record text NOT NULL, PRIMARY KEY (name, place))");
      }
    }
  }

  /** Asked first: who may not make tables may find them made. */
  private boolean isMissing(String table) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement("SELECT to_regclass(?)")) {
      statement.setString(1, warehouse.qualified(table));
      try (ResultSet row = statement.executeQuery()) {
        return !row.next() || row.getString(1) == null;
      }
    }
  }

  /**
   * From here on nobody writes by this name but us. Waits for a transaction of whoever did. The
   * caller commits.
   */
  public void takeOver() throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "INSERT INTO "
                + warehouse.qualified(STATE)
                + " AS s (name, epoch, updated_at) VALUES (?, 1, now()) ON CONFLICT (name)"
                + " DO UPDATE SET epoch = s.epoch + 1, updated_at = now() RETURNING epoch")) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw new IllegalStateException("no row was returned");
        }
        epoch = row.getLong(1);
      }
    }
  }

  /**
   * The position that is kept.
   *
   * @param source by which the business database is told from others
   * @throws OperatorException if it is another's
   */
  public Position read(String source) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT position, source FROM " + warehouse.qualified(STATE) + " WHERE name = ?")) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        String position = row.next() ? row.getString(1) : null;
        if (position == null) {
          return new Position.None();
        }
        String kept = row.getString(2);
        if (!source.equals(kept)) {
          throw new OperatorException(
              "the position of capture "
                  + name
                  + " in "
                  + warehouse
                  + " is one of another business database ("
                  + kept
                  + ", not "
                  + source
                  + "): another name makes another capture; `capture --to warehouse --snapshot`"
                  + " empties the tables and fills them from this one");
        }
        return Position.Json.read(warehouse + " " + STATE + "/" + name, position.getBytes(UTF_8));
      }
    }
  }

  /**
   * Begins a transaction in which to write: nobody else does until it ends.
   *
   * @throws OperatorException if another has taken over
   */
  public void lock() throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE "
                + warehouse.qualified(STATE)
                + " SET updated_at = now() WHERE name = ? AND epoch = ?")) {
      statement.setString(1, name);
      statement.setLong(2, epoch);
      if (statement.executeUpdate() != 1) {
        throw new OperatorException(
            "another `spendwatch capture` of the name "
                + name
                + " has taken over "
                + warehouse
                + ": one at a time");
      }
    }
  }

  /** Keeps a position, in the transaction that {@link #lock} has begun. */
  public void keep(Position position) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE " + warehouse.qualified(STATE) + " SET position = ? WHERE name = ?")) {
      statement.setString(1, new String(Position.Json.write(position), UTF_8));
      statement.setString(2, name);
      statement.executeUpdate();
    }
  }

  /** The tables that this capture has filled. */
  public Set<String> targets() throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT unnest(targets) FROM " + warehouse.qualified(STATE) + " WHERE name = ?")) {
      statement.setString(1, name);
      Set<String> targets = new HashSet<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          targets.add(rows.getString(1));
        }
      }
      return targets;
    }
  }

  /** A snapshot is begun, in the transaction that {@link #lock} has begun. */
  public void begin(List<String> targets, String source) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE "
                + warehouse.qualified(STATE)
                + " SET source = ?, targets = ? WHERE name = ?")) {
      statement.setString(1, source);
      statement.setArray(2, connection.createArrayOf("text", targets.toArray()));
      statement.setString(3, name);
      statement.executeUpdate();
    }
    keep(new Position.InSnapshot());
    // What tables of the business database were made of comes with the snapshot.
    try (PreparedStatement statement =
        connection.prepareStatement(
            "DELETE FROM " + warehouse.qualified(HISTORY) + " WHERE name = ?")) {
      statement.setString(1, name);
      statement.executeUpdate();
    }
  }
}
