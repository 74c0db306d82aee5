package io.spendwatch.ops.doctor;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks at PostgreSQL: the server ({@link PostgresServerChecks}), and our schema in it ({@link
 * PostgresSchemaChecks}). Blocks; for one thread.
 */
final class PostgresChecks {
  static final String SERVER = "postgresql";

  private final Configuration configuration;
  private final PostgresAddress address;
  private final InstantSource clock;
  private final List<Check> checks = new ArrayList<>();

  PostgresChecks(Configuration configuration, InstantSource clock) {
    this.configuration = configuration;
    this.address = configuration.database();
    this.clock = clock;
  }

  /**
   * Looks.
   *
   * @param transactions the topic in Kafka; null where it could not be looked at
   * @param nodes how many run, as far as the database knows
   */
  List<Check> look(TopicFacts transactions, int nodes) {
    try (Connection connection = address.connect("spendwatch-doctor")) {
      // Nobody waits here for long, and nothing is changed.
      execute(connection, "SET statement_timeout = '10s'");
      execute(connection, "SET default_transaction_read_only = on");
      new PostgresServerChecks(configuration, clock)
          .look(connection, Math.max(nodes, 1), checks::add);
      new PostgresSchemaChecks(configuration, checks::add).look(connection, transactions);
    } catch (SQLException e) {
      checks.add(
          Check.couldNotLook(
              SERVER,
              address + ": " + e.getMessage(),
              "start it there, or set SPENDWATCH_PG_URI, SPENDWATCH_PG_USER and"
                  + " SPENDWATCH_PG_PASSWORD"));
    }
    return List.copyOf(checks);
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }
}
