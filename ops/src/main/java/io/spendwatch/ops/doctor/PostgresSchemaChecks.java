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
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Looks at our schema in PostgreSQL: who may do what in it, whether it is whole, and whether its
 * layout is that of the topic. Blocks; for one thread.
 */
final class PostgresSchemaChecks {
  private static final String ROLES = SqlText.load(PostgresSchemaChecks.class, "roles");
  private static final String TRIGGERS = SqlText.load(PostgresSchemaChecks.class, "triggers");
  private static final String PEOPLE = SqlText.load(PostgresSchemaChecks.class, "people");
  private static final int NAMED_MAX = 5;

  private final Configuration configuration;
  private final PostgresAddress address;
  private final Consumer<Check> found;

  /** A look that may fail. */
  private interface Look {
    Check at(Connection connection) throws SQLException;
  }

  /**
   * @param found is told of each check
   */
  PostgresSchemaChecks(Configuration configuration, Consumer<Check> found) {
    this.configuration = configuration;
    this.found = found;
    this.address = configuration.database();
  }

  /**
   * Looks; where one look fails, the others go on.
   *
   * @param transactions the topic in Kafka; null where it could not be looked at
   */
  void look(Connection connection, TopicFacts transactions) {
    check("roles", connection, this::roles);
    check("schema", connection, _ -> schema());
    check("privileges", connection, this::privileges);
    check("triggers", connection, this::triggers);
    check("logins of people", connection, this::people);
    check("audit runs", connection, this::auditRuns);
    check("table partitions", connection, this::days);
    check("partition counts", connection, c -> layout(c, transactions));
  }

  private void check(String name, Connection connection, Look look) {
    try {
      found.accept(look.at(connection));
    } catch (SQLException e) {
      found.accept(
          Check.couldNotLook(
              name, firstLine(e), "run `spendwatch migrate` if it was never run, or as its owner"));
    }
  }

  private static String firstLine(SQLException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
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
    List<String> off = Column.strings(connection, TRIGGERS);
    return off.isEmpty()
        ? Check.ok("triggers", "those of accounts are there, and on")
        : Check.problem(
            "triggers",
            "missing or off on accounts: " + String.join(", ", off),
            "ALTER TABLE spendwatch.accounts ENABLE TRIGGER ...: changed balances are not seen"
                + " without them");
  }

  private Check people(Connection connection) throws SQLException {
    List<String> unbounded = Column.strings(connection, PEOPLE);
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
        Column.strings(
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
        Column.strings(
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
}
