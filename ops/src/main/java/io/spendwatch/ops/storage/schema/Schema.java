package io.spendwatch.ops.storage.schema;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.database.SqlText;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;

/**
 * The schema {@code spendwatch} of one database. All methods block; none keeps a connection.
 * Thread-safe.
 */
public final class Schema {
  /** How far ahead the partitions of {@code transactions} are made. */
  public static final int DAYS_AHEAD = 7;

  private static final String NAME = "spendwatch";
  private static final String OWNER = "spendwatch_owner";
  private static final String OLTP = "spendwatch_oltp";
  private static final String OLAP = "spendwatch_olap";
  private static final String AUDIT = "spendwatch_audit";

  private static final String MAKE_ROLES = SqlText.load(Schema.class, "make_roles");
  private static final String BECOME_OWNER = SqlText.load(Schema.class, "become_owner");
  private static final String GIVE_BACK_ROLES = SqlText.load(Schema.class, "give_back_roles");
  private static final String LIST_NOT_OWNED = SqlText.load(Schema.class, "list_not_owned");
  private static final String REVOKE_PRIVILEGES = SqlText.load(Schema.class, "revoke_privileges");
  private static final String GRANT_READING = SqlText.load(Schema.class, "grant_reading");
  private static final String GRANT_PRIVILEGES = SqlText.load(Schema.class, "grant_privileges");

  private static final String NO_SUCH_ROLE = "22023";
  private static final String NO_PRIVILEGE = "42501";

  /**
   * A migration takes as long as it takes, and the session that holds the lock waits for it: bounds
   * that the database has for others are none for them. Some of these are unknown to older servers.
   */
  private static final String WITHOUT_TIMEOUTS =
      """
      SELECT set_config(name, '0', false) FROM pg_settings
       WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_session_timeout',
                      'idle_in_transaction_session_timeout');
      """;

  private static final String ENCODING = "UTF8";

  /** Of the advisory lock that lets one migration run at a time. */
  private static final long MIGRATION_LOCK = 0x5350454E44574154L;

  private final PostgresAddress address;

  public Schema(PostgresAddress address) {
    this.address = address;
  }

  /**
   * Brings the schema to the newest version, settles who owns it and who may do what in it, and
   * makes the partitions of the days to come. Doing it again changes nothing; two at once wait for
   * each other.
   *
   * @return how many migrations were applied
   * @throws SQLException if the database does not answer, or refuses for now
   * @throws OperatorException if the schema there cannot be migrated, or the database cannot hold
   *     every text of the contract
   */
  public int migrate(Instant now) throws SQLException {
    try (Connection lock = address.connect("spendwatch-migrate");
        Statement statement = lock.createStatement()) {
      refuseOtherEncodings(statement);
      statement.execute(WITHOUT_TIMEOUTS);
      statement.execute("SET lock_timeout = '1min'");
      // Flyway's own lock comes after it has made the schema, which two at once cannot.
      statement.execute("SELECT pg_advisory_lock(" + MIGRATION_LOCK + ")");
      statement.execute(BECOME_OWNER);
      tellOfRewordedMigrations(statement);
      int applied = flyway(statement).migrate().migrationsExecuted;
      settlePrivileges(statement);
      ensurePartitions(lock, now);
      return applied;
    } catch (FlywayException e) {
      if (e.getCause() instanceof SQLException cause) {
        throw cause;
      }
      throw new OperatorException(
          "the schema of " + address + " cannot be migrated: " + firstLine(e), e);
    }
  }

  /**
   * The schema that is there, beside the one that this build has.
   *
   * @param applied the newest migration that was applied; empty for none
   * @param newest that this build has
   * @param pending how many of this build's are not applied
   * @param unknown how many were applied that this build does not know
   * @param failed how many did not succeed, or are not what they were
   */
  public record Version(String applied, String newest, int pending, int unknown, int failed) {}

  /** Which version the schema has. Changes nothing. */
  public Version version() throws SQLException {
    try (Connection connection = address.connect("spendwatch-doctor");
        Statement statement = connection.createStatement()) {
      MigrationInfoService all = flyway(statement).info();
      MigrationInfo current = all.current();
      return new Version(
          current == null || current.getVersion() == null ? "" : current.getVersion().toString(),
          Arrays.stream(all.all())
              .filter(each -> each.getState().isResolved() && each.getVersion() != null)
              .map(each -> each.getVersion().toString())
              .reduce("", (_, later) -> later),
          all.pending().length,
          (int) Arrays.stream(all.applied()).filter(each -> !each.getState().isResolved()).count(),
          (int)
              Arrays.stream(all.applied())
                  .filter(each -> each.getState().isFailed() || !isAsApplied(each))
                  .count());
    } catch (FlywayException e) {
      if (e.getCause() instanceof SQLException cause) {
        throw cause;
      }
      throw new SQLException(firstLine(e), e);
    }
  }

  private static boolean isAsApplied(MigrationInfo info) {
    return info.isChecksumMatching() || RewordedMigration.isOne(info);
  }

  private static void tellOfRewordedMigrations(Statement statement) throws SQLException {
    if (isOwners(statement)) {
      statement.execute("SET ROLE " + OWNER);
    }
    RewordedMigration.tell(statement);
    statement.execute("RESET ROLE");
  }

  /** Who may do what in the schema: the script that each migration runs. */
  public static String grants() {
    return REVOKE_PRIVILEGES + reading(OLAP) + reading(AUDIT) + GRANT_PRIVILEGES;
  }

  private static String reading(String role) {
    return GRANT_READING.replace("{reader}", role);
  }

  private Flyway flyway(Statement statement) throws SQLException {
    return Flyway.configure()
        .dataSource(address.jdbcUrl(), address.user(), address.password())
        .schemas(NAME)
        .defaultSchema(NAME)
        .locations("classpath:db/migration")
        .validateMigrationNaming(true)
        .initSql(
            PostgresAddress.SESSION
                + WITHOUT_TIMEOUTS
                + (isOwners(statement) ? "SET ROLE " + OWNER : ""))
        .load();
  }

  /**
   * Roles that nodes work in by default and the user may not: they are missing, or the user is no
   * member of them.
   */
  public List<String> rolesOutOfReach() throws SQLException {
    try (Connection connection = address.connect("spendwatch-migrate");
        Statement statement = connection.createStatement()) {
      List<String> outOfReach = new ArrayList<>();
      for (String role : List.of(OWNER, OLTP, OLAP, AUDIT)) {
        if (!mayActAs(statement, role)) {
          outOfReach.add(role);
        }
      }
      return outOfReach;
    }
  }

  /**
   * Has the user, who migrates and does nothing else, give up what it needed for that: it is a
   * member of no role any more that it has granted itself. The next migration grants them again.
   *
   * @return the roles that it still may act as: somebody else has granted them, or it is a
   *     superuser
   */
  public List<String> giveBackRoles() throws SQLException {
    try (Connection connection = address.connect("spendwatch-migrate");
        Statement statement = connection.createStatement()) {
      statement.execute(GIVE_BACK_ROLES);
      List<String> kept = new ArrayList<>();
      for (String role : List.of(OWNER, OLTP, OLAP, AUDIT)) {
        if (mayActAs(statement, role)) {
          kept.add(role);
        }
      }
      return kept;
    }
  }

  /**
   * Makes the roles, gives all that is in the schema to its owner, and says who may do what. Where
   * the user may not make roles, everything stays the user's own.
   *
   * <p>What changes hands is locked for that moment, one thing after the other, and only once.
   */
  private static void settlePrivileges(Statement statement) throws SQLException {
    // Each in a transaction of its own: behind somebody's lock it is tried again from there.
    statement.execute(MAKE_ROLES);
    boolean owned = mayActAs(statement, OWNER);
    if (owned) {
      for (String handOver : strings(statement, LIST_NOT_OWNED)) {
        statement.execute(handOver);
      }
      statement.execute("SET ROLE " + OWNER);
    }
    statement.execute(grants());
    statement.execute("RESET ROLE");
  }

  /** Ids and names are Unicode: another encoding refuses some of them, or knows no characters. */
  private void refuseOtherEncodings(Statement statement) throws SQLException {
    String encoding =
        strings(
                statement,
                "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
            .getFirst();
    if (!ENCODING.equals(encoding)) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%s has the encoding %s (expected: %s, which holds every id): make a database with CREATE DATABASE \"%s\" ENCODING 'UTF8' TEMPLATE template0 and name it in SPENDWATCH_PG_URI",
              address,
              encoding,
              ENCODING,
              "spendwatch".equals(address.database()) ? "spendwatch_utf8" : "spendwatch"));
    }
  }

  /** Whether the schema belongs to the role that shall own it, and the user may act for that. */
  private static boolean isOwners(Statement statement) throws SQLException {
    return !strings(
                statement,
                "SELECT nspname FROM pg_namespace JOIN pg_roles AS owner ON owner.oid = nspowner"
                    + String.format(
                        Locale.ROOT, " WHERE nspname = '%s' AND rolname = '%s'", NAME, OWNER))
            .isEmpty()
        && mayActAs(statement, OWNER);
  }

  private static boolean mayActAs(Statement statement, String role) throws SQLException {
    try {
      statement.execute("SET ROLE " + role);
      statement.execute("RESET ROLE");
      return true;
    } catch (SQLException e) {
      if (NO_SUCH_ROLE.equals(e.getSQLState()) || NO_PRIVILEGE.equals(e.getSQLState())) {
        return false;
      }
      throw e;
    }
  }

  private static List<String> strings(Statement statement, String sql) throws SQLException {
    List<String> strings = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        strings.add(rows.getString(1));
      }
    }
    return strings;
  }

  /**
   * Makes the partitions for today and the days to come, where they are missing.
   *
   * @return how many were made
   */
  public int ensurePartitions(Instant now) throws SQLException {
    try (Connection connection = address.connect("spendwatch-partitions")) {
      return ensurePartitions(connection, now);
    }
  }

  private static int ensurePartitions(Connection connection, Instant now) throws SQLException {
    String[] days =
        IntStream.rangeClosed(0, DAYS_AHEAD)
            .mapToObj(day -> now.plus(day, ChronoUnit.DAYS).toString())
            .toArray(String[]::new);
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT spendwatch.ensure_partitions(?)")) {
      Array instants = connection.createArrayOf("timestamptz", days);
      statement.setArray(1, instants);
      try (ResultSet made = statement.executeQuery()) {
        made.next();
        return made.getInt(1);
      }
    }
  }

  private static String firstLine(FlywayException e) {
    return e.getMessage()
        .lines()
        .map(String::strip)
        .filter(l -> !l.isEmpty())
        .findFirst()
        .orElse("");
  }
}
