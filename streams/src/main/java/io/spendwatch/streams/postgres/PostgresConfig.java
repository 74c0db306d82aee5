package io.spendwatch.streams.postgres;

import static io.spendwatch.streams.config.ConfigSection.checkPositive;
import static io.spendwatch.streams.config.ConfigSection.checkRange;

import io.spendwatch.streams.config.ConfigSection;
import io.spendwatch.streams.retry.BackOff;
import io.vertx.pgclient.PgConnectOptions;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How PostgreSQL is reached by one pool of connections: {@code spendwatch.postgres} for the hot
 * path, and sections alike for others.
 *
 * @param path of the section, for messages
 * @param uri {@code postgresql://[user[:password]@]host[:port]/database[?sslmode=…]}, as psql takes
 * @param user for a URI that names none; may be empty
 * @param password for a URI that has none; may be empty
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
    String password,
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

  private static final Pattern NAMED =
      Pattern.compile("postgres(ql)?://[^:@/]+(:(?<password>[^@/]+))?@");

  public PostgresConfig {
    try {
      PgConnectOptions.fromUri(uri);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          path + ".uri: (expected: postgresql://host[:port]/database): " + e.getMessage(), e);
    }
    checkRange(path + ".pool-size", poolSize, 1, 1000);
    checkRange(path + ".wait-queue-max", waitQueueMax, 1, 100_000);
    checkPositive(path + ".connect-timeout", connectTimeout);
    checkPositive(path + ".idle-timeout", idleTimeout);
    checkPositive(path + ".statement-timeout", statementTimeout);
    checkPositive(path + ".deadline-margin", deadlineMargin);
    checkPositive(path + ".probe-interval", probeInterval);
    session = Map.copyOf(session);
  }

  /** Reads {@code spendwatch.postgres}, or another section of that form. */
  public static PostgresConfig from(ConfigSection section) {
    PostgresConfig config =
        new PostgresConfig(
            section.path(),
            section.string("uri"),
            section.string("user"),
            section.string("password"),
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

  /** When we give a statement up ourselves. */
  public Duration deadline() {
    return statementTimeout.plus(deadlineMargin);
  }

  /**
   * Fresh options for a connection. Each statement is planned with its values, unless the session
   * says otherwise: the plans prune daily partitions, and a plan that was made while a partition
   * was empty would scan it when it is full.
   */
  public PgConnectOptions connectOptions() {
    PgConnectOptions options =
        PgConnectOptions.fromUri(uri)
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
    Matcher named = NAMED.matcher(uri);
    boolean namesOne = named.lookingAt();
    if (!user.isEmpty() && !namesOne) {
      options.setUser(user);
    }
    if (!password.isEmpty() && !(namesOne && named.group("password") != null)) {
      options.setPassword(password);
    }
    return options;
  }

  /** Where to, without who and how: for logs. */
  public String address() {
    PgConnectOptions options = PgConnectOptions.fromUri(uri);
    return options.getHost() + ":" + options.getPort() + "/" + options.getDatabase();
  }

  /** Without user and password, which the URI may contain too. */
  @Override
  public String toString() {
    return "PostgresConfig[" + address() + ", role=" + role + ", poolSize=" + poolSize + "]";
  }
}
