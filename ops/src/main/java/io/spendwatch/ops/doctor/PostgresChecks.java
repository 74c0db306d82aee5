package io.spendwatch.ops.doctor;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.database.SqlText;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Looks at PostgreSQL: the server, its settings, the schema and who may do what in it. Blocks; for
 * one thread.
 */
final class PostgresChecks {
  private static final String SETTINGS = SqlText.load(PostgresChecks.class, "settings");
  private static final String ROLES = SqlText.load(PostgresChecks.class, "roles");
  private static final String TRIGGERS = SqlText.load(PostgresChecks.class, "triggers");
  private static final String PEOPLE = SqlText.load(PostgresChecks.class, "people");

  private static final String SERVER = "postgresql";
  private static final int VERSION_MIN = 150_000;
  private static final int NAMED_MAX = 5;

  /** Each node listens for changed balances on a connection of its own. */
  private static final int LISTENERS = 1;

  private static final long WAL_GOOD_MIB = 1024;

  private final Configuration configuration;
  private final PostgresAddress address;
  private final InstantSource clock;
  private final List<Check> checks = new ArrayList<>();

  /** A look that may fail. */
  private interface Look {
    Check at(Connection connection) throws SQLException;
  }

  PostgresChecks(Configuration configuration, InstantSource clock) {
    this.configuration = configuration;
    this.address = configuration.database();
    this.clock = clock;
  }

  /**
   * Looks.
   *
   * @param transactions the topic in Kafka; null where it could not be looked at
   * @param nodes how many run, as far as the database knows
   */
  List<Check> look(TopicFacts transactions, int nodes) {
    try (Connection connection = address.connect("spendwatch-doctor")) {
      // Nobody waits here for long, and nothing is changed.
      execute(connection, "SET statement_timeout = '10s'");
      execute(connection, "SET default_transaction_read_only = on");
      Map<String, String> settings = settings(connection);
      checks.add(version(connection, settings));
      checks.add(durability(settings));
      checks.add(housekeeping(settings));
      checks.add(connections(settings, Math.max(nodes, 1)));
      checks.add(clockSkew(connection));
      check("roles", connection, this::roles);
      check("schema", connection, _ -> schema());
      check("privileges", connection, this::privileges);
      check("triggers", connection, this::triggers);
      check("logins of people", connection, this::people);
      check("audit runs", connection, this::auditRuns);
      check("table partitions", connection, this::days);
      check("partition counts", connection, c -> layout(c, transactions));
    } catch (SQLException e) {
      checks.add(
          Check.couldNotLook(
              SERVER,
              address + ": " + e.getMessage(),
              "start it there, or set SPENDWATCH_PG_URI, SPENDWATCH_PG_USER and"
                  + " SPENDWATCH_PG_PASSWORD"));
    }
    return List.copyOf(checks);
  }

  private void check(String name, Connection connection, Look look) {
    try {
      checks.add(look.at(connection));
    } catch (SQLException e) {
      checks.add(
          Check.couldNotLook(
              name, firstLine(e), "run `spendwatch migrate` if it was never run, or as its owner"));
    }
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
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
    String found = address + ", version " + settings.get("server_version");
    if (number(settings, "server_version_num") < VERSION_MIN) {
      return Check.problem(SERVER, found, "upgrade it to PostgreSQL 15 or later");
    }
    String encoding =
        strings(
                connection,
                "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
            .getFirst();
    if (!"UTF8".equals(encoding)) {
      return Check.problem(
          SERVER,
          found + ", encoding " + encoding,
          "make a database with ENCODING 'UTF8' TEMPLATE template0: others refuse some ids");
    }
    return "t".equals(strings(connection, "SELECT pg_is_in_recovery()").getFirst())
        ? Check.problem(
            SERVER,
            found + ", a replica that takes no writes",
            "name the primary in SPENDWATCH_PG_URI")
        : Check.ok(SERVER, found);
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
            strings(
                    connection,
                    "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
                .getFirst());
    long afterMs = clock.millis();
    // Whenever between the two it was read.
    long aheadMs = Math.max(0, Math.max(serverMs - afterMs, beforeMs - serverMs));
    return Clocks.check(
        "clock of postgresql", aheadMs, configuration.streams().pipeline().maxFutureSkew());
  }

  private Check roles(Connection connection) throws SQLException {
    Set<String> wanted = new LinkedHashSet<>();
    wanted.add(configuration.streams().postgres().role());
    wanted.add(configuration.analytics().role());
    wanted.add(configuration.auditDatabase().role());
    wanted.add(configuration.partitions().postgres().role());
    wanted.remove("");
    List<String> wrong = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(ROLES)) {
      statement.setArray(1, connection.createArrayOf("text", wanted.toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          if (!rows.getBoolean(3)) {
            wrong.add(
                rows.getString(1)
                    + (rows.getBoolean(2)
                        ? " (" + address.user() + " is no member)"
                        : " (not there)"));
          }
        }
      }
    }
    return wrong.isEmpty()
        ? Check.ok("roles", wanted.isEmpty() ? "none is asked for" : String.join(", ", wanted))
        : Check.problem(
            "roles",
            String.join(", ", wrong),
            "run `spendwatch migrate` as a user who may make roles, and GRANT them to "
                + address.user()
                + "; or leave SPENDWATCH_PG_ROLE, SPENDWATCH_PG_ANALYTICS_ROLE and"
                + " SPENDWATCH_PARTITIONS_ROLE empty");
  }

  private Check schema() throws SQLException {
    Schema.Version version = new Schema(address).version();
    String found =
        "version "
            + (version.applied().isEmpty() ? "none" : version.applied())
            + ", this program has "
            + version.newest();
    if (version.failed() > 0) {
      return Check.problem(
          "schema",
          found + "; " + version.failed() + " migrations failed or were changed",
          "run `spendwatch migrate`, which says what is wrong");
    }
    if (version.unknown() > 0) {
      return Check.problem(
          "schema",
          found,
          "the database is newer: run the program of the version that migrated it");
    }
    return version.pending() == 0
        ? Check.ok("schema", found)
        : Check.problem(
            "schema",
            found + "; " + version.pending() + " migrations to apply",
            "run `spendwatch migrate`");
  }

  private Check privileges(Connection connection) throws SQLException {
    Privileges.Differences differences = Privileges.look(connection);
    if (!differences.missing().isEmpty()) {
      return Check.problem(
          "privileges",
          "missing: " + some(differences.missing()),
          "run `spendwatch migrate`, which grants them");
    }
    return differences.excess().isEmpty()
        ? Check.ok("privileges", "each role may do what it needs, and change nothing else")
        : Check.warning(
            "privileges",
            "more than needed: " + some(differences.excess()),
            "run `spendwatch migrate`, which takes them back");
  }

  private Check triggers(Connection connection) throws SQLException {
    List<String> off = strings(connection, TRIGGERS);
    return off.isEmpty()
        ? Check.ok("triggers", "those of accounts are there, and on")
        : Check.problem(
            "triggers",
            "missing or off on accounts: " + String.join(", ", off),
            "ALTER TABLE spendwatch.accounts ENABLE TRIGGER ...: changed balances are not seen"
                + " without them");
  }

  private Check people(Connection connection) throws SQLException {
    List<String> unbounded = strings(connection, PEOPLE);
    return unbounded.isEmpty()
        ? Check.ok("logins of people", "those that only read have their bounds")
        : Check.warning(
            "logins of people",
            "members of spendwatch_olap without bounds of their own: " + some(unbounded),
            "ALTER ROLE ... SET statement_timeout = '5min', and CONNECTION LIMIT 3: a role's settings are not passed"
                + " on to its members");
  }

  private Check auditRuns(Connection connection) throws SQLException {
    List<String> broken =
        strings(
            connection,
            "SELECT format('run %s: %s', coalesce(run_id::text, 'none'), reason) FROM spendwatch.broken_runs()");
    return broken.isEmpty()
        ? Check.ok("audit runs", "as they ended")
        : Check.problem(
            "audit runs",
            "somebody has changed them: " + some(broken),
            "find out who has the rights of spendwatch_owner; SELECT * FROM spendwatch.broken_runs()");
  }

  private Check days(Connection connection) throws SQLException {
    List<String> missing =
        strings(
            connection,
            "SELECT to_char(day AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM"
                + " unnest(spendwatch.days_without_partition(ARRAY[now(), now() + '1 day'])) AS day");
    return missing.isEmpty()
        ? Check.ok("table partitions", "of transactions: today's and tomorrow's are there")
        : Check.warning(
            "table partitions",
            "of transactions: none for " + String.join(", ", missing),
            "run `spendwatch migrate`, and a node, which makes them ahead: inserts wait otherwise");
  }

  private Check layout(Connection connection, TopicFacts topic) throws SQLException {
    String name = "partition counts";
    Topics topics = configuration.streams().kafka().topics();
    if (topic == null) {
      return Check.couldNotLook(
          name, "topic " + topics.transactions() + " could not be looked at", "see above");
    }
    Set<String> ids = new TreeSet<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT DISTINCT topic_id FROM spendwatch.sources WHERE topic = ?")) {
      statement.setString(1, topic.name());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          ids.add(rows.getString(1));
        }
      }
    }
    if (!ids.isEmpty() && !ids.contains(topic.id())) {
      return Check.problem(
          name,
          "topic " + topic.name() + " was made anew since it was last read",
          "check that this is the right Kafka: a node would begin it anew and note LOST_RECORDS");
    }
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT partitions, coalesce(growing_to, partitions) FROM spendwatch.topic_layout")) {
      if (!rows.next()) {
        return Check.ok(name, topic.partitions() + " in Kafka; no node has begun yet");
      }
      int inForce = rows.getInt(1);
      int growingTo = rows.getInt(2);
      String found =
          String.format(
              Locale.ROOT,
              "of %s: %d in Kafka, %d in force%s",
              topic.name(),
              topic.partitions(),
              inForce,
              growingTo > inForce ? ", growing to " + growingTo : "");
      if (topic.partitions() < inForce) {
        return Check.problem(
            name, found, "check that this is the right Kafka: partitions never become fewer");
      }
      return topic.partitions() > Math.max(inForce, growingTo)
          ? Check.problem(
              name,
              found,
              "run `spendwatch migrate --partitions "
                  + topic.partitions()
                  + "`: records in partitions that were added without it wait")
          : Check.ok(name, found);
    }
  }

  private static String some(List<String> all) {
    return String.join("; ", all.subList(0, Math.min(NAMED_MAX, all.size())))
        + (all.size() > NAMED_MAX ? "; and " + (all.size() - NAMED_MAX) + " more" : "");
  }

  private static long number(Map<String, String> settings, String name) {
    return Long.parseLong(settings.getOrDefault(name, "0"));
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }

  private static List<String> strings(Connection connection, String sql) throws SQLException {
    List<String> strings = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        strings.add(rows.getString(1));
      }
    }
    return strings;
  }
}
