package io.spendwatch.ops.schema;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which database, and as whom: a connection URI as {@code psql} takes it, {@code
 * postgresql://user:password@host:port/database?parameters}.
 *
 * @param hosts {@code host:port}, or several of them with commas between
 * @param database never empty
 * @param parameters what stands after the question mark, as it stands there; may be empty
 * @param user never empty
 * @param password empty for none
 */
public record PostgresAddress(
    String hosts, String database, String parameters, String user, String password) {
  private static final Pattern URI =
      Pattern.compile(
          "postgres(?:ql)?://(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?"
              + "(?<hosts>[^/?]*)(?:/(?<database>[^?]*))?(?:\\?(?<parameters>.*))?");
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
   * Parses a URI.
   *
   * @param user overrides the URI's; empty: the URI's
   * @param password overrides the URI's; empty: the URI's
   * @throws IllegalArgumentException if it is no such URI, or there is no user; the message does
   *     not repeat a password
   */
  public static PostgresAddress parse(String uri, String user, String password) {
    Matcher parts = URI.matcher(uri);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "the PostgreSQL URI is not understood (expected: postgresql://user@host:port/database)");
    }
    String who = user.isEmpty() ? orElse(parts.group("user"), "") : user;
    if (who.isEmpty()) {
      throw new IllegalArgumentException("the PostgreSQL URI names no user (SPENDWATCH_PG_USER)");
    }
    return new PostgresAddress(
        orElse(parts.group("hosts"), "127.0.0.1:5432"),
        orElse(parts.group("database"), who),
        orElse(parts.group("parameters"), ""),
        who,
        password.isEmpty() ? orElse(parts.group("password"), "") : password);
  }

  /** For JDBC, without user and password. */
  String jdbcUrl() {
    String url = "jdbc:postgresql://" + hosts + "/" + database;
    return parameters.isEmpty() ? url : url + "?" + parameters;
  }

  /**
   * Opens a connection, set to {@link #SESSION}; the caller closes it. Blocks for a bounded time.
   *
   * @param application what the server shows the session as
   */
  public Connection connect(String application) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", user);
    if (!password.isEmpty()) {
      properties.setProperty("password", password);
    }
    properties.setProperty("ApplicationName", application);
    properties.setProperty("connectTimeout", Integer.toString(CONNECT_TIMEOUT_SECONDS));
    properties.setProperty("tcpKeepAlive", "true");
    Connection connection = DriverManager.getConnection(jdbcUrl(), properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute(SESSION);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** For people: without user and password. */
  @Override
  public String toString() {
    return "PostgreSQL at " + hosts + "/" + database;
  }

  private static String orElse(String encoded, String otherwise) {
    return encoded == null || encoded.isEmpty()
        ? otherwise
        : URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}
