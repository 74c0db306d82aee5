package io.spendwatch.ops.capture.config;

import static io.spendwatch.streams.base.ConfigSection.check;

import io.spendwatch.protocol.Secrets;
import io.spendwatch.streams.base.ConfigSection;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * How the business database is reached: {@code capture.source}.
 *
 * @param tls how far the connection is secured
 * @param rootCertificate a PEM file; empty for those that the JVM trusts
 * @param properties further settings of the connector, by Debezium's names; they override ours but
 *     for what the guarantees rest on
 */
public record SourceAddress(
    Product product,
    String host,
    int port,
    String database,
    String user,
    String password,
    Tls tls,
    String rootCertificate,
    Map<String, String> properties) {

  /** Which product it is. */
  public enum Product {
    POSTGRESQL(5432),
    MARIADB(3306);

    private final int port;

    Product(int port) {
      this.port = port;
    }
  }

  /** As psql's sslmode has it. */
  public enum Tls {
    DISABLE,
    /** Secret, but whoever is at the other end is believed. */
    REQUIRE,
    VERIFY_FULL;

    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public static SourceAddress from(ConfigSection section) {
    String uri = section.string("uri");
    String key = section.path() + ".uri";
    String expected = "postgresql://host[:port]/database or mariadb://host[:port]/database";
    URI parsed = parsed(key, uri, expected);
    String scheme = String.valueOf(parsed.getScheme());
    Product product =
        switch (scheme) {
          case "postgresql", "postgres" -> Product.POSTGRESQL;
          case "mariadb", "mysql" -> Product.MARIADB;
          default -> {
            check(false, key, shown(parsed), expected);
            yield Product.POSTGRESQL;
          }
        };
    String path = parsed.getPath() == null ? "" : parsed.getPath();
    check(
        parsed.getHost() != null && path.length() > 1 && path.indexOf('/', 1) < 0,
        key,
        shown(parsed),
        expected);
    String user = section.has("user") ? section.string("user") : "";
    if (user.isEmpty() && parsed.getUserInfo() != null) {
      user = Optional.of(parsed.getUserInfo()).map(info -> info.split(":", 2)[0]).get();
    }
    check(!user.isEmpty(), section.path() + ".user", "\"\"", "whom to log in as");
    String password = section.secret("password");
    Secrets.keep(password);
    String host = parsed.getHost();
    SourceAddress address =
        new SourceAddress(
            product,
            host,
            parsed.getPort() < 0 ? product.port : parsed.getPort(),
            path.substring(1),
            user,
            password,
            tls(section, host),
            section.has("tls-root-certificate") ? section.string("tls-root-certificate") : "",
            section.has("properties") ? section.flat("properties") : Map.of());
    Secrets.keepOf(address.properties());
    section.rejectUnknown();
    return address;
  }

  private static URI parsed(String key, String uri, String expected) {
    try {
      return new URI(uri);
    } catch (URISyntaxException e) {
      // It may have a password.
      throw new IllegalArgumentException(key + " is no URI (expected: " + expected + ")");
    }
  }

  /** Without what may be a password. */
  private static String shown(URI uri) {
    return uri.getScheme() + "://" + uri.getHost() + uri.getPath();
  }

  private static Tls tls(ConfigSection section, String host) {
    if (!section.has("tls")) {
      return isLoopback(host) ? Tls.DISABLE : Tls.VERIFY_FULL;
    }
    String word = section.string("tls");
    for (Tls each : Tls.values()) {
      if (each.word().equals(word)) {
        return each;
      }
    }
    check(false, section.path() + ".tls", word, "disable, require or verify-full");
    return Tls.VERIFY_FULL;
  }

  private static boolean isLoopback(String host) {
    return host.equals("localhost") || host.startsWith("127.") || host.equals("[::1]");
  }

  /** For people. */
  @Override
  public String toString() {
    return product.name().toLowerCase(Locale.ROOT) + "://" + host + ":" + port + "/" + database;
  }
}
