package io.spendwatch.ops.schema;

import io.spendwatch.ops.OperatorException;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.IntStream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * The schema {@code spendwatch} of one database. All methods block; none keeps a connection.
 * Thread-safe.
 */
public final class Schema {
  /** How far ahead the partitions of {@code transactions} are made. */
  public static final int DAYS_AHEAD = 7;

  private static final String NAME = "spendwatch";

  /** Of the advisory lock that lets one migration run at a time. */
  private static final long MIGRATION_LOCK = 0x5350454E44574154L;

  private final PostgresAddress address;

  public Schema(PostgresAddress address) {
    this.address = address;
  }

  /**
   * Brings the schema to the newest version and makes the partitions of the days to come. Doing it
   * again changes nothing; two at once wait for each other.
   *
   * @return how many migrations were applied
   * @throws SQLException if the database does not answer, or refuses for now
   * @throws OperatorException if the schema there cannot be migrated
   */
  public int migrate(Instant now) throws SQLException {
    try (Connection lock = address.connect("spendwatch-migrate");
        Statement statement = lock.createStatement()) {
      statement.execute("SET lock_timeout = '1min'");
      // Flyway's own lock comes after it has made the schema, which two at once cannot.
      statement.execute("SELECT pg_advisory_lock(" + MIGRATION_LOCK + ")");
      int applied =
          Flyway.configure()
              .dataSource(address.jdbcUrl(), address.user(), address.password())
              .schemas(NAME)
              .defaultSchema(NAME)
              .locations("classpath:db/migration")
              .validateMigrationNaming(true)
              .load()
              .migrate()
              .migrationsExecuted;
      ensurePartitions(lock, now);
      return applied;
    } catch (FlywayException e) {
      if (e.getCause() instanceof SQLException cause) {
        throw cause;
      }
      throw new OperatorException(
          "the schema of " + address + " cannot be migrated: " + firstLine(e), e);
    }
  }

  /**
   * Makes the partitions for today and the days to come, where they are missing.
   *
   * @return how many were made
   */
  public int ensurePartitions(Instant now) throws SQLException {
    try (Connection connection = address.connect("spendwatch-partitions")) {
      return ensurePartitions(connection, now);
    }
  }

  private static int ensurePartitions(Connection connection, Instant now) throws SQLException {
    String[] days =
        IntStream.rangeClosed(0, DAYS_AHEAD)
            .mapToObj(day -> now.plus(day, ChronoUnit.DAYS).toString())
            .toArray(String[]::new);
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT spendwatch.ensure_partitions(?)")) {
      Array instants = connection.createArrayOf("timestamptz", days);
      statement.setArray(1, instants);
      try (ResultSet made = statement.executeQuery()) {
        made.next();
        return made.getInt(1);
      }
    }
  }

  private static String firstLine(FlywayException e) {
    return e.getMessage()
        .lines()
        .map(String::strip)
        .filter(l -> !l.isEmpty())
        .findFirst()
        .orElse("");
  }
}
