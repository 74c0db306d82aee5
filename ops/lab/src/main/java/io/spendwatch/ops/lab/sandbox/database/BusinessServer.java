package io.spendwatch.ops.lab.sandbox.database;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A business database: a server of its own beside those that Spendwatch works with, whose log has
 * what changes in whole rows. In it are a database {@code shop}, empty the first time, and a user
 * of that name who may do everything. Thread-safe.
 */
public final class BusinessServer implements AutoCloseable {
  /** Of the database, and of the user. */
  static final String NAME = "shop";

  /** No word that stands in what commands print: there it would be masked. */
  static final String PASSWORD = "not-secret";

  /** Which product it is. */
  public enum Engine {
    MARIADB,
    POSTGRES
  }

  private final DatabaseServer server;
  private final String scheme;
  private final String jdbcScheme;

  private BusinessServer(DatabaseServer server, String scheme, String jdbcScheme) {
    this.server = server;
    this.scheme = scheme;
    this.jdbcScheme = jdbcScheme;
  }

  /**
   * Starts a server and waits until it answers. Blocks.
   *
   * @param directory where each product has a place of its own
   * @param port 0 for any free one
   * @throws OperatorException if the port is taken or the server does not start
   */
  public static BusinessServer start(Engine engine, DataDirectory directory, int port) {
    return switch (engine) {
      case MARIADB ->
          new BusinessServer(
              MariaDbServer.start(directory.business("mariadb"), port), "mysql", "mariadb");
      case POSTGRES -> startPostgres(directory, port);
    };
  }

  private static BusinessServer startPostgres(DataDirectory directory, int port) {
    PostgresServer postgres =
        PostgresServer.start(directory.business("postgres"), port, Map.of("wal_level", "logical"));
    try {
      prepare(postgres);
      return new BusinessServer(postgres, "postgresql", "postgresql");
    } catch (SQLException e) {
      postgres.close();
      throw new OperatorException("the business database cannot be made: " + e.getMessage(), e);
    }
  }

  /** MariaDB's are made with its data directory. */
  private static void prepare(PostgresServer postgres) throws SQLException {
    String url =
        String.format(
            Locale.ROOT, "jdbc:postgresql://%s:%d/postgres", Ports.LOOPBACK, postgres.port());
    try (Connection connection = DriverManager.getConnection(url, postgres.user(), "");
        Statement statement = connection.createStatement()) {
      if (isMissing(statement, "SELECT FROM pg_roles WHERE rolname = '" + NAME + "'")) {
        statement.execute("CREATE ROLE " + NAME + " SUPERUSER LOGIN PASSWORD '" + PASSWORD + "'");
      }
      if (isMissing(statement, "SELECT FROM pg_database WHERE datname = '" + NAME + "'")) {
        statement.execute("CREATE DATABASE " + NAME + " OWNER " + NAME);
      }
    }
  }

  private static boolean isMissing(Statement statement, String sql) throws SQLException {
    try (ResultSet found = statement.executeQuery(sql)) {
      return !found.next();
    }
  }

  /** The server itself. */
  public DatabaseServer server() {
    return server;
  }

  /** {@code mysql://} or {@code postgresql://}, with the user and without the password. */
  public String uri() {
    return String.format(
        Locale.ROOT, "%s://%s@%s:%d/%s", scheme, NAME, Ports.LOOPBACK, server.port(), NAME);
  }

  /** The user, who may do everything. */
  public String user() {
    return NAME;
  }

  /** That user's password, which is the same for every such server. */
  public String password() {
    return PASSWORD;
  }

  /** For JDBC, without user and password. */
  public String jdbcUrl() {
    return String.format(
        Locale.ROOT, "jdbc:%s://%s:%d/%s", jdbcScheme, Ports.LOOPBACK, server.port(), NAME);
  }

  /** The settings by which commands find this server, as environment variables. */
  public Map<String, String> environment() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("SPENDWATCH_BUSINESS_URI", uri());
    settings.put("SPENDWATCH_BUSINESS_USER", user());
    settings.put("SPENDWATCH_BUSINESS_PASSWORD", password());
    return settings;
  }

  /** Stops the server and waits until it has stopped. */
  @Override
  public void close() {
    server.close();
  }
}
