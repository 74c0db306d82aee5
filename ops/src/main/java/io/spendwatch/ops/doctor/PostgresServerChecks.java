package io.spendwatch.ops.doctor;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.streams.database.SqlText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Looks at a server of PostgreSQL: what it is, whether its settings keep what is committed, whether
 * its connections suffice, and its clock. Blocks; for one thread.
 */
final class PostgresServerChecks {
  private static final String SETTINGS = SqlText.load(PostgresServerChecks.class, "settings");
  private static final int VERSION_MIN = 150_000;

  /** Each node listens for changed balances on a connection of its own. */
  private static final int LISTENERS = 1;

  private static final long WAL_GOOD_MIB = 1024;

  private final Configuration configuration;
  private final InstantSource clock;

  PostgresServerChecks(Configuration configuration, InstantSource clock) {
    this.configuration = configuration;
    this.clock = clock;
  }

  /**
   * Looks.
   *
   * @param nodes how many run, at least 1
   * @param found is told of each check
   */
  void look(Connection connection, int nodes, Consumer<Check> found) throws SQLException {
    Map<String, String> settings = settings(connection);
    found.accept(version(connection, settings));
    found.accept(durability(settings));
    found.accept(housekeeping(settings));
    found.accept(connections(settings, nodes));
    found.accept(clockSkew(connection));
  }

  private static Map<String, String> settings(Connection connection) throws SQLException {
    Map<String, String> settings = new HashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(SETTINGS)) {
      while (rows.next()) {
        settings.put(rows.getString(1), rows.getString(2));
      }
    }
    return settings;
  }

  private Check version(Connection connection, Map<String, String> settings) throws SQLException {
    String found = configuration.database() + ", version " + settings.get("server_version");
    if (number(settings, "server_version_num") < VERSION_MIN) {
      return Check.problem(PostgresChecks.SERVER, found, "upgrade it to PostgreSQL 15 or later");
    }
    String encoding =
        Column.strings(
                connection,
                "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
            .getFirst();
    if (!"UTF8".equals(encoding)) {
      return Check.problem(
          PostgresChecks.SERVER,
          found + ", encoding " + encoding,
          "make a database with ENCODING 'UTF8' TEMPLATE template0: others refuse some ids");
    }
    return "t".equals(Column.strings(connection, "SELECT pg_is_in_recovery()").getFirst())
        ? Check.problem(
            PostgresChecks.SERVER,
            found + ", a replica that takes no writes",
            "name the primary in SPENDWATCH_PG_URI")
        : Check.ok(PostgresChecks.SERVER, found);
  }

  private Check durability(Map<String, String> settings) {
    List<String> wrong = new ArrayList<>();
    for (String name : List.of("fsync", "full_page_writes")) {
      if (!"on".equals(settings.get(name))) {
        wrong.add(name + " = " + settings.get(name));
      }
    }
    String commit =
        configuration
            .streams()
            .writes()
            .session()
            .getOrDefault("synchronous_commit", settings.get("synchronous_commit"));
    if ("off".equals(commit)) {
      wrong.add("synchronous_commit = off");
    }
    if (!wrong.isEmpty()) {
      return Check.problem(
          "durability",
          String.join(", ", wrong),
          "ALTER SYSTEM SET each of them to on, SELECT pg_reload_conf(): after a crash alerts could"
              + " be published that no row explains");
    }
    long walMib = number(settings, "max_wal_size");
    return new Check(
        "durability",
        "fsync and full_page_writes on, synchronous_commit "
            + commit
            + ", wal_level "
            + settings.get("wal_level")
            + ", max_wal_size "
            + walMib
            + " MB",
        Check.Verdict.OK,
        walMib < WAL_GOOD_MIB
            ? "a hint: with max_wal_size of 1 GB or more checkpoints cost less under load"
            : "");
  }

  private static Check housekeeping(Map<String, String> settings) {
    List<String> off = new ArrayList<>();
    for (String name : List.of("autovacuum", "track_counts")) {
      if (!"on".equals(settings.get(name))) {
        off.add(name + " = " + settings.get(name));
      }
    }
    return off.isEmpty()
        ? Check.ok("autovacuum", "on")
        : Check.problem(
            "autovacuum",
            String.join(", ", off),
            "ALTER SYSTEM SET each of them to on: tables that are changed all the time grow, and"
                + " their plans become wrong");
  }

  private Check connections(Map<String, String> settings, int nodes) {
    long each =
        (long) configuration.streams().postgres().poolSize()
            + configuration.streams().writes().poolSize()
            + configuration.analytics().poolSize()
            + configuration.auditDatabase().poolSize()
            + configuration.rollups().postgres().poolSize()
            + configuration.questionsDatabase().poolSize()
            + LISTENERS
            + (configuration.partitions().retention().isPresent()
                    || !configuration.retention().kept().isEmpty()
                ? configuration.partitions().postgres().poolSize()
                : 0);
    long free =
        number(settings, "max_connections")
            - number(settings, "superuser_reserved_connections")
            - number(settings, "reserved_connections");
    String found =
        String.format(
                Locale.ROOT,
                "%d for everybody; a node takes %d, so %d fit; %d",
                free,
                each,
                free / each,
                nodes)
            + (nodes == 1 ? " is counted on" : " run");
    return each * nodes <= free
        ? Check.ok("max_connections", found)
        : Check.problem(
            "max_connections",
            found,
            "raise max_connections, or lower SPENDWATCH_PG_POOL_SIZE and the other pools");
  }

  private Check clockSkew(Connection connection) throws SQLException {
    long beforeMs = clock.millis();
    long serverMs =
        Long.parseLong(
            Column.strings(
                    connection,
                    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
                .getFirst());
    long afterMs = clock.millis();
    // Whenever between the two it was read.
    long aheadMs = Math.max(0, Math.max(serverMs - afterMs, beforeMs - serverMs));
    return Clocks.check(
        "clock of postgresql", aheadMs, configuration.streams().pipeline().maxFutureSkew());
  }

  private static long number(Map<String, String> settings, String name) {
    return Long.parseLong(settings.getOrDefault(name, "0"));
  }
}
