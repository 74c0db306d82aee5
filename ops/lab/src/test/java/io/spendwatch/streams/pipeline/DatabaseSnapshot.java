package io.spendwatch.streams.pipeline;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;

/** A database as it was at a moment, for it to be put back to. Blocks. */
final class DatabaseSnapshot {
  private final PostgresAddress server;
  private final PostgresAddress database;
  private final String name;
  private final String copy;

  /**
   * @param server another database of the server, whose user may make others
   */
  DatabaseSnapshot(PostgresAddress server, PostgresAddress database) {
    this.server = server;
    this.database = database;
    this.name = database.database();
    this.copy = name + "_snapshot";
  }

  /** Takes it now; no node may run. */
  void take() throws SQLException {
    onTheServer(
        "DROP DATABASE IF EXISTS " + copy, "CREATE DATABASE %s TEMPLATE %s".formatted(copy, name));
  }

  /** Takes that of an empty database with the schema of today. */
  void takeOfNothing() throws SQLException {
    onTheServer("CREATE DATABASE " + copy);
    int _ =
        new Schema(
                new PostgresAddress(
                    database.hosts(),
                    copy,
                    database.parameters(),
                    database.user(),
                    database.password()))
            .migrate(Instant.EPOCH);
  }

  /** Puts the database back to it, whoever is connected. */
  void restore() throws SQLException {
    onTheServer(
        "DROP DATABASE %s WITH (FORCE)".formatted(name),
        "CREATE DATABASE %s TEMPLATE %s".formatted(name, copy));
  }

  private void onTheServer(String... statements) throws SQLException {
    try (Connection connection = server.connect("spendwatch-tests");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
