package io.spendwatch.streams.database;

import io.spendwatch.protocol.Secrets;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is, and as whom, in the form that {@code psql} takes: {@code
 * postgresql://user:password@host:port/database?sslmode=…}. The one place where such a URI is taken
 * apart.
 *
 * <p>Of one that is not understood nothing is ever repeated: what looks like a port or a database
 * may be the rest of a password. Immutable.
 *
 * @param host a name or address; one of IPv6 without brackets
 * @param database empty where the URI names none
 * @param user empty where the URI names none
 * @param password empty where the URI has none
 * @param options for the server's sessions, as on its command line; may be empty
 * @param query what stands after the question mark, as it stands there
 */
public record PostgresUri(
    String host,
    int port,
    String database,
    String user,
    String password,
    String options,
    PostgresTls tls,
    String query) {
  private static final Pattern URI =
      Pattern.compile(
          "postgres(?:ql)?://(?:(?<user>[^:@/]*)(?::(?<password>[^@/]*))?@)?"
              + "(?<host>[A-Za-z0-9._-]*|\\[[0-9A-Fa-f:.]+])(?::(?<port>\\d{1,5}))?"
              + "(?:/(?<database>[^/?#@:]*))?(?:\\?(?<query>[^@?#]*))?");
  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9._-]+|\\[?[0-9A-Fa-f:.]+]?");
  private static final String DEFAULT_HOST = "127.0.0.1";
  private static final int DEFAULT_PORT = 5432;

  private static final List<String> PARAMETERS =
      List.of(
          PostgresTls.MODE,
          PostgresTls.ROOT,
          PostgresTls.CERTIFICATE,
          PostgresTls.KEY,
          "user",
          "password",
          "host",
          "port",
          "options");

  /**
   * Takes a URI apart.
   *
   * @throws IllegalArgumentException if it is no such URI, or names a file for TLS that is not what
   *     it should be; without anything of the URI but that file's name
   */
  public static PostgresUri parse(String uri) {
    Matcher parts = URI.matcher(uri);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "not understood (expected: postgresql://user:password@host:port/database, with one host,"
              + " and URL-encoded what a name or password has beside letters and digits)");
    }
    String query = orEmpty(parts.group("query"));
    Secrets.keep(orEmpty(parts.group("password")));
    Map<String, String> parameters = parameters(query);
    var server =
        new PostgresUri(
            host(parameters.getOrDefault("host", orEmpty(parts.group("host")))),
            port(parameters.getOrDefault("port", orEmpty(parts.group("port")))),
            decoded(orEmpty(parts.group("database"))),
            parameters.getOrDefault("user", decoded(orEmpty(parts.group("user")))),
            parameters.getOrDefault("password", decoded(orEmpty(parts.group("password")))),
            parameters.getOrDefault("options", ""),
            PostgresTls.of(parameters),
            query);
    Secrets.keep(server.password());
    return server;
  }

  /**
   * What stands after the question mark.
   *
   * @throws IllegalArgumentException if something there is no parameter that we know
   */
  public static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String parameter : query.split("&", -1)) {
      if (parameter.isEmpty()) {
        continue;
      }
      int equals = parameter.indexOf('=');
      String name = equals < 0 ? "" : parameter.substring(0, equals);
      if (!PARAMETERS.contains(name)) {
        throw new IllegalArgumentException(
            "it has a parameter that is none of "
                + String.join(", ", PARAMETERS)
                + " (settings of the server's sessions go below session)");
      }
      parameters.put(name, decoded(parameter.substring(equals + 1)));
    }
    return parameters;
  }

  /** {@code host:port}. */
  public String hostAndPort() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }

  /** Without user and password. */
  @Override
  public String toString() {
    return hostAndPort() + "/" + database;
  }

  private static String host(String host) {
    if (host.isEmpty()) {
      return DEFAULT_HOST;
    }
    if (!HOST.matcher(host).matches()) {
      throw new IllegalArgumentException(
          "the parameter host is not understood (expected: one host name or address)");
    }
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static int port(String port) {
    if (port.isEmpty()) {
      return DEFAULT_PORT;
    }
    try {
      int number = Integer.parseInt(port);
      if (number >= 1 && number <= 65_535) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below, without what it was.
    }
    throw new IllegalArgumentException("the port is none (expected: 1..65535)");
  }

  private static String decoded(String encoded) {
    try {
      return URLDecoder.decode(encoded.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // Whose message repeats it.
      throw new IllegalArgumentException(
          "it is not URL-encoded as it should be: a per cent sign is followed by two hexadecimal digits");
    }
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
