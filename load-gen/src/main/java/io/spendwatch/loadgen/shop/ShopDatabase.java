package io.spendwatch.loadgen.shop;

import io.spendwatch.protocol.Secrets;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;

/**
 * Which business database, and as whom.
 *
 * @param dialect of its SQL
 * @param jdbcUrl without user and password
 * @param user never empty
 * @param password empty for none
 */
public record ShopDatabase(Dialect dialect, String jdbcUrl, String user, String password) {
  private static final int CONNECT_TIMEOUT_SECONDS = 5;
  private static final int ANSWER_TIMEOUT_SECONDS = 60;

  /** What SQL it speaks. */
  public enum Dialect {
    MARIADB("mariadb", "SET time_zone = '+00:00'"),
    POSTGRES("postgres", "SET TIME ZONE 'UTC'");

    private final String label;
    private final String utc;

    Dialect(String label, String utc) {
      this.label = label;
      this.utc = utc;
    }

    /** In the names of files. */
    String label() {
      return label;
    }
  }

  /** From now on the password is masked in all that is printed. */
  public ShopDatabase {
    Secrets.keep(password);
  }

  /**
   * Parses {@code mysql://}, {@code mariadb://} or {@code postgresql://}, then {@code
   * user:password@host:port/database}; what follows a {@code ?} are properties of the JDBC driver.
   *
   * @param user for a URI that names none
   * @param password for a URI that has none
   * @throws IllegalArgumentException if it is no such URI; the message does not repeat it
   */
  public static ShopDatabase parse(String uri, String user, String password) {
    URI parsed;
    try {
      parsed = new URI(uri);
    } catch (URISyntaxException e) {
      // Without the cause, which repeats it.
      throw new IllegalArgumentException("not a URI, at character " + (e.getIndex() + 1));
    }
    String scheme = parsed.getScheme() == null ? "" : parsed.getScheme();
    Dialect dialect =
        switch (scheme) {
          case "mysql", "mariadb" -> Dialect.MARIADB;
          case "postgresql", "postgres" -> Dialect.POSTGRES;
          default ->
              throw new IllegalArgumentException(
                  "expected: mysql://, mariadb:// or postgresql://, then host:port/database");
        };
    String path = parsed.getRawPath();
    if (parsed.getHost() == null || path == null || path.length() < 2) {
      throw new IllegalArgumentException("names no host or no database");
    }
    String[] login = login(parsed.getRawUserInfo());
    String who = login[0].isEmpty() ? user : login[0];
    if (who.isEmpty()) {
      throw new IllegalArgumentException("names no user (SPENDWATCH_BUSINESS_USER)");
    }
    return new ShopDatabase(
        dialect,
        "jdbc:"
            + (dialect == Dialect.MARIADB ? "mariadb" : "postgresql")
            + "://"
            + parsed.getHost()
            + (parsed.getPort() < 0 ? "" : ":" + parsed.getPort())
            + path
            + (parsed.getRawQuery() == null ? "" : "?" + parsed.getRawQuery()),
        who,
        login[1].isEmpty() ? password : login[1]);
  }

  private static String[] login(String userInfo) {
    if (userInfo == null) {
      return new String[] {"", ""};
    }
    int colon = userInfo.indexOf(':');
    return colon < 0
        ? new String[] {decoded(userInfo), ""}
        : new String[] {
          decoded(userInfo.substring(0, colon)), decoded(userInfo.substring(colon + 1))
        };
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /**
   * Opens a connection whose times are UTC, for transactions of several statements; the caller
   * closes it. Blocks for a bounded time, as each of its statements does.
   */
  public Connection connect() throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", user);
    if (!password.isEmpty()) {
      properties.setProperty("password", password);
    }
    // The drivers count in different units.
    int unit = dialect == Dialect.MARIADB ? 1000 : 1;
    properties.setProperty("connectTimeout", Integer.toString(CONNECT_TIMEOUT_SECONDS * unit));
    properties.setProperty("socketTimeout", Integer.toString(ANSWER_TIMEOUT_SECONDS * unit));
    Connection connection = DriverManager.getConnection(jdbcUrl, properties);
    try (Statement statement = connection.createStatement()) {
      statement.execute(dialect.utc);
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** For people: without user and password. */
  @Override
  public String toString() {
    int query = jdbcUrl.indexOf('?');
    return "business database at "
        + (query < 0 ? jdbcUrl : jdbcUrl.substring(0, query)).substring("jdbc:".length());
  }
}
