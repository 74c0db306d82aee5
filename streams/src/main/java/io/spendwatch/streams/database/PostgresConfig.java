package io.spendwatch.streams.database;

import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import io.vertx.pgclient.PgConnectOptions;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * How PostgreSQL is reached by one pool of connections: {@code spendwatch.postgres} for the hot
 * path, and sections alike for others.
 *
 * @param path of the section, for messages
 * @param uri as {@link PostgresUri} has it
 * @param user for a URI that names none; may be empty
 * @param secret the password for a URI that has none, as it is now; may be empty, and may block for
 *     a file
 * @param role whose privileges the connections have; empty for those of the user
 * @param applicationName how the connections show in pg_stat_activity
 * @param poolSize connections at most
 * @param waitQueueMax requests that may wait for a connection; further ones fail and are retried
 * @param connectTimeout for a new connection, and for a free one of the pool
 * @param idleTimeout after which an unused connection is closed
 * @param statementTimeout after which the server cancels a statement
 * @param session further settings of the server for these connections, by its names for them
 * @param deadlineMargin how much later than the server we give up ourselves, on a dead connection
 * @param probeInterval how often the channel of balance changes is checked
 * @param retry pauses between tries
 */
public record PostgresConfig(
    String path,
    String uri,
    String user,
    Supplier<String> secret,
    String role,
    String applicationName,
    int poolSize,
    int waitQueueMax,
    Duration connectTimeout,
    Duration idleTimeout,
    Duration statementTimeout,
    Map<String, String> session,
    Duration deadlineMargin,
    Duration probeInterval,
    BackOff retry) {

  public PostgresConfig {
    PostgresUri _ = parsed(path, uri);
    checkRange(path + ".pool-size", poolSize, 1, 1000);
    checkRange(path + ".wait-queue-max", waitQueueMax, 1, 100_000);
    checkPositive(path + ".connect-timeout", connectTimeout);
    checkPositive(path + ".idle-timeout", idleTimeout);
    checkPositive(path + ".statement-timeout", statementTimeout);
    checkPositive(path + ".deadline-margin", deadlineMargin);
    checkPositive(path + ".probe-interval", probeInterval);
    session = Map.copyOf(session);
  }

  /** The same with the privileges of the user. */
  public PostgresConfig withoutRole() {
    return new PostgresConfig(
        path,
        uri,
        user,
        secret,
        "",
        applicationName,
        poolSize,
        waitQueueMax,
        connectTimeout,
        idleTimeout,
        statementTimeout,
        session,
        deadlineMargin,
        probeInterval,
        retry);
  }

  /** Reads {@code spendwatch.postgres}, or another section of that form. */
  public static PostgresConfig from(ConfigSection section) {
    PostgresConfig config =
        new PostgresConfig(
            section.path(),
            section.string("uri"),
            section.string("user"),
            section.secretAsItIs("password"),
            section.string("role"),
            section.string("application-name"),
            section.integer("pool-size"),
            section.integer("wait-queue-max"),
            section.duration("connect-timeout"),
            section.duration("idle-timeout"),
            section.duration("statement-timeout"),
            section.flat("session"),
            section.duration("deadline-margin"),
            section.duration("probe-interval"),
            BackOff.from(section.section("retry")));
    section.rejectUnknown();
    return config;
  }

  /** For a URI that has none, as it is now; may be empty. Blocks where it is in a file. */
  public String password() {
    return secret.get();
  }

  /** When we give a statement up ourselves. */
  public Duration deadline() {
    return statementTimeout.plus(deadlineMargin);
  }

  /**
   * Fresh options for a connection; password and certificates as they are now, for which it blocks
   * where they are in files. Each statement is planned with its values, unless the session says
   * otherwise: the plans prune daily partitions, and a plan that was made while a partition was
   * empty would scan it when it is full.
   *
   * @param refused told why the server's certificate is not trusted, on any thread
   */
  PgConnectOptions connectOptions(Consumer<CertificateException> refused) {
    PostgresUri server = server();
    PgConnectOptions options =
        new PgConnectOptions()
            .setHost(server.host())
            .setPort(server.port())
            .setCachePreparedStatements(true)
            // All statements are constants; by default long ones are parsed anew each time.
            .setPreparedStatementCacheSqlFilter(_ -> true)
            .addProperty("application_name", applicationName)
            .addProperty("statement_timeout", Long.toString(statementTimeout.toMillis()))
            .addProperty("plan_cache_mode", "force_custom_plan")
            // Whatever the database or the user have as defaults; as PostgresAddress has it for
            // JDBC.
            .addProperty("search_path", "pg_catalog")
            .addProperty("DateStyle", "ISO, YMD")
            .addProperty("IntervalStyle", "postgres")
            .addProperty("TimeZone", "UTC")
            .addProperty("standard_conforming_strings", "on")
            .addProperty("default_transaction_isolation", "read committed");
    session.forEach(options::addProperty);
    if (!role.isEmpty()) {
      options.addProperty("role", role);
    }
    if (!server.options().isEmpty()) {
      options.addProperty("options", server.options());
    }
    String who = server.user().isEmpty() ? user : server.user();
    if (!who.isEmpty()) {
      options.setUser(who);
    }
    String database = server.database().isEmpty() ? who : server.database();
    if (!database.isEmpty()) {
      options.setDatabase(database);
    }
    String shown = server.password().isEmpty() ? password() : server.password();
    if (!shown.isEmpty()) {
      options.setPassword(shown);
    }
    server.tls().applyTo(options, refused);
    return options;
  }

  /** What the URI says. */
  PostgresUri server() {
    return parsed(path, uri);
  }

  /** By which setting the server is named, for people. */
  String setting() {
    return setting(path);
  }

  private static String setting(String path) {
    return path + ".uri (by default SPENDWATCH_PG_URI)";
  }

  private static PostgresUri parsed(String path, String uri) {
    try {
      return PostgresUri.parse(uri);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(setting(path) + ": " + e.getMessage(), e);
    }
  }

  /** The server's name or address. */
  public String host() {
    return server().host();
  }

  /** Whether no connection is made without TLS. */
  public boolean isEncrypted() {
    return server().tls().mode() == PostgresTls.Mode.REQUIRE || isVerified();
  }

  /** Whether no connection is made but to a server that an authority vouches for. */
  public boolean isVerified() {
    return server().tls().mode().isVerifying();
  }

  /** Where to, without who and how: for logs. */
  public String address() {
    return server().toString();
  }

  /** Without user and password, which the URI may contain too. */
  @Override
  public String toString() {
    return "PostgresConfig[" + address() + ", role=" + role + ", poolSize=" + poolSize + "]";
  }
}
