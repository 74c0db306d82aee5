package io.spendwatch.ops.storage.schema;

import io.spendwatch.streams.database.PostgresTls;
import io.spendwatch.streams.database.PostgresUri;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which database, and as whom, for connections by JDBC.
 *
 * @param hosts {@code host:port}
 * @param database never empty
 * @param parameters of its URI, as they stand there; may be empty
 * @param user never empty
 * @param password empty for none
 */
public record PostgresAddress(
    String hosts, String database, String parameters, String user, String password) {
  /** By which setting a database is named, for people. */
  private static final String SETTING = "SPENDWATCH_PG_URI";

  /** Of a failure that trying again does not mend. */
  private static final String REFUSED = "28000";

  /** Said otherwise: in the address, or as properties. */
  private static final Set<String> NOT_FOR_JDBC = Set.of("user", "password", "host", "port");

  private static final int CONNECT_TIMEOUT_SECONDS = 5;

  /**
   * What our sessions are set to, whatever the server, the database or the user have as defaults:
   * names mean what they are meant to, and times and texts are read and written in one form. Those
   * of the pools have the same from {@code PostgresConfig}.
   */
  static final String SESSION =
      """
      SET search_path = pg_catalog;
      SET datestyle = 'ISO, YMD';
      SET intervalstyle = 'postgres';
      SET timezone = 'UTC';
      SET standard_conforming_strings = on;
      SET default_transaction_isolation = 'read committed';
      """;

  /**
   * Parses a URI, as {@link PostgresUri} has it.
   *
   * @param user for a URI that names none
   * @param password for a URI that has none
   * @throws IllegalArgumentException if it is no such URI, or there is no user; the message does
   *     not repeat a password
   */
  public static PostgresAddress parse(String uri, String user, String password) {
    PostgresUri server;
    try {
      server = PostgresUri.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(SETTING + ": " + e.getMessage(), e);
    }
    String who = server.user().isEmpty() ? user : server.user();
    if (who.isEmpty()) {
      throw new IllegalArgumentException(SETTING + " names no user (SPENDWATCH_PG_USER)");
    }
    return new PostgresAddress(
        server.hostAndPort(),
        server.database().isEmpty() ? who : server.database(),
        server.query(),
        who,
        server.password().isEmpty() ? password : server.password());
  }

  /** For JDBC, without user and password. */
  String jdbcUrl() {
    Map<String, String> uri = PostgresUri.parameters(parameters);
    PostgresTls tls = PostgresTls.of(uri);
    Map<String, String> properties = new TreeMap<>(uri);
    properties.keySet().removeAll(NOT_FOR_JDBC);
    properties.put("sslmode", tls.mode().word());
    if (tls.mode() != PostgresTls.Mode.DISABLE) {
      properties.put("sslfactory", PostgresSockets.class.getName());
    }
    return "jdbc:postgresql://"
        + hosts
        + "/"
        + encoded(database)
        + properties.entrySet().stream()
            .map(property -> property.getKey() + "=" + encoded(property.getValue()))
            .collect(Collectors.joining("&", "?", ""));
  }

  /**
   * Opens a connection, set to {@link #SESSION}; the caller closes it. Blocks for a bounded time.
   *
   * @param application what the server shows the session as
   */
  public Connection connect(String application) throws SQLException {
    return connect(application, SETTING);
  }

  /**
   * The same, to a database that another setting names.
   *
   * @param setting for messages
   */
  public Connection connect(String application, String setting) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", user);
    if (!password.isEmpty()) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", application);
    properties.setProperty("connectTimeout", Integer.toString(CONNECT_TIMEOUT_SECONDS));
    properties.setProperty("tcpKeepAlive", "true");
    Connection connection = open(properties, setting);
    try (Statement statement = connection.createStatement()) {
      statement.execute(SESSION);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private Connection open(Properties properties, String setting) throws SQLException {
    try {
      return DriverManager.getConnection(jdbcUrl(), properties);
    } catch (SQLException e) {
      Optional<String> why =
          PostgresTls.of(PostgresUri.parameters(parameters)).explain(e, setting, hosts);
      throw why.isPresent() ? new SQLException(why.get(), REFUSED, e) : e;
    }
  }

  /** For people: without user and password. */
  @Override
  public String toString() {
    return "PostgreSQL at " + hosts + "/" + database;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
