package io.spendwatch.ops.storage.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may do what. */
@ExtendWith(Servers.class)
class RolesIT {
  private static final Instant NOW = Instant.parse("2030-02-27T23:30:00Z");

  private static final String ROW =
      "INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor,"
          + " verdict, kafka_partition, kafka_offset, ingested_at)"
          + " VALUES ('u', '2004-01-01T12:00Z', 't', 'PURCHASE', 1, 'USD', 1, 'NO_ACCOUNT', 0, 0, now())";

  /** What each may is what it needs; the rest of the table is what must never become possible. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          INSERT a transaction                                            | allowed | refused
          SELECT count(*) FROM spendwatch.transactions                    | allowed | allowed
          SELECT count(*) FROM spendwatch.transactions_readable           | refused | allowed
          UPDATE spendwatch.transactions SET verdict = 'CLEAR'            | refused | refused
          DELETE FROM spendwatch.transactions                             | refused | refused
          TRUNCATE spendwatch.transactions                                | refused | refused
          ALTER TABLE spendwatch.transactions ADD COLUMN more int         | refused | refused
          ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20040101 | refused | refused
          DROP TABLE spendwatch.transactions_20040101                     | refused | refused
          DELETE FROM spendwatch.transactions_20040101                    | refused | refused
          SELECT spendwatch.ensure_partitions('{2004-02-01Z}')            | allowed | refused
          SELECT spendwatch.merge_old_days(1, NULL)                       | allowed | refused
          SELECT count(*) FROM spendwatch.merges                          | refused | refused
          DELETE FROM spendwatch.merged_days                              | refused | refused
          DELETE FROM spendwatch.partitions_made                          | refused | refused
          SELECT count(*) FROM spendwatch.alerts                          | allowed | allowed
          INSERT INTO spendwatch.alerts SELECT * FROM spendwatch.alerts   | allowed | refused
          UPDATE spendwatch.alerts SET late = true                        | refused | refused
          DELETE FROM spendwatch.alerts                                   | refused | refused
          INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('u', 'USD', 1) | allowed | refused
          UPDATE spendwatch.accounts SET balance_minor = 2                | allowed | refused
          SELECT count(*) FROM spendwatch.accounts                        | allowed | allowed
          SELECT user_id, balance_minor FROM spendwatch.accounts          | allowed | allowed
          SELECT username FROM spendwatch.accounts                        | allowed | refused
          SELECT * FROM spendwatch.accounts                               | allowed | refused
          SELECT * FROM spendwatch.accounts_readable                      | refused | allowed
          SELECT * FROM spendwatch.accounts_named                         | refused | refused
          SELECT count(*) FROM spendwatch.retention                       | refused | allowed
          UPDATE spendwatch.retention SET horizon = now()                 | refused | refused
          SELECT * FROM spendwatch.retention FOR UPDATE                   | refused | refused
          SELECT spendwatch.remove_old('alerts', now(), 1)                | refused | refused
          DELETE FROM spendwatch.accounts                                 | refused | refused
          TRUNCATE spendwatch.accounts                                    | refused | refused
          INSERT INTO spendwatch.closed_accounts VALUES ('u', 9)          | refused | refused
          SELECT count(*) FROM spendwatch.closed_accounts                 | allowed | allowed
          SELECT count(*) FROM spendwatch.account_versions                | allowed | allowed
          UPDATE spendwatch.account_versions SET balance_minor = 0        | refused | refused
          DELETE FROM spendwatch.account_versions                         | refused | refused
          INSERT INTO spendwatch.account_versions (user_id, balance_version, balance_minor, currency, as_of) VALUES ('u', 9, 1, 'USD', now()) | refused | refused
          SELECT spendwatch.apply_balances('{1}', '{u}', '{n}', '{USD}', '{1}', '{2024-01-01Z}') | allowed | refused
          UPDATE spendwatch.claims SET epoch = epoch + 1                  | allowed | refused
          DELETE FROM spendwatch.claims                                   | refused | refused
          SELECT count(*) FROM spendwatch.pipelines                       | allowed | allowed
          DELETE FROM spendwatch.progress                                 | allowed | refused
          SELECT count(*) FROM spendwatch.open_episodes                   | allowed | allowed
          UPDATE spendwatch.open_episodes SET raised_at = now()           | refused | refused
          DELETE FROM spendwatch.open_episodes                            | allowed | refused
          UPDATE spendwatch.topic_layout SET version = version + 1        | allowed | refused
          SELECT count(*) FROM spendwatch.topic_layout                    | allowed | allowed
          DELETE FROM spendwatch.topic_layout                             | refused | refused
          SELECT spendwatch.finish_growth(8)                              | allowed | refused
          SELECT spendwatch.register_node('n', 'a', 'h', 1, now(), '10 s') | allowed | refused
          SELECT spendwatch.acquire_cluster_lease('l', 'n', 'n#1', '{m#2}', '10 s', '0 s') | allowed | refused
          UPDATE spendwatch.cluster_exclusions SET excluded_at = now()    | refused | refused
          DELETE FROM spendwatch.nodes                                    | allowed | refused
          SELECT partition_granularity FROM spendwatch.settings           | refused | allowed
          UPDATE spendwatch.settings SET partition_granularity = 'month'  | refused | refused
          SELECT dropped_before FROM spendwatch.settings                  | allowed | allowed
          SELECT spendwatch.begin_sales_metrics()                         | allowed | refused
          SELECT spendwatch.end_sales_metrics()                           | refused | refused
          UPDATE spendwatch.sales_metrics SET published = 0               | allowed | refused
          DELETE FROM spendwatch.sales_metrics                            | refused | refused
          SELECT count(*) FROM spendwatch.minute_sales                    | allowed | allowed
          SELECT count(*) FROM spendwatch.reconciliation_findings         | refused | allowed
          DELETE FROM spendwatch.reconciliation_positions                 | refused | refused
          INSERT INTO spendwatch.reconciliation_runs (mode, node_id, started_at, outcome) VALUES ('FULL', 'n', now(), 'CLEAN') | refused | refused
          DELETE FROM spendwatch.reconciliation_findings                  | refused | refused
          SELECT * FROM spendwatch.reconciliation_runs FOR UPDATE         | refused | refused
          SELECT count(*) FROM spendwatch.broken_runs()                   | refused | allowed
          LOCK TABLE spendwatch.reconciliation_runs IN SHARE MODE         | refused | refused
          SELECT * FROM spendwatch.locks FOR UPDATE                       | refused | refused
          LOCK TABLE spendwatch.locks                                     | refused | refused
          SELECT * FROM spendwatch.accounts FOR SHARE                     | allowed | refused
          INSERT INTO spendwatch.seen_alerts VALUES (0, 'a')              | allowed | refused
          DELETE FROM spendwatch.rewinds                                  | refused | refused
          INSERT INTO spendwatch.operator_actions (who, origin, action, outcome) VALUES ('a', 'b', 'c', 'd') | allowed | refused
          SELECT count(*) FROM spendwatch.operator_actions                | refused | allowed
          DELETE FROM spendwatch.operator_actions                         | refused | refused
          CREATE TABLE spendwatch.mine (id int)                           | refused | refused
          CREATE TEMPORARY TABLE mine (id int)                            | allowed | allowed
          SELECT count(*) FROM spendwatch.flyway_schema_history           | refused | refused
          SET ROLE spendwatch_owner                                       | refused | refused
          """)
  void eachRoleMayDoWhatItNeedsAndNoMore(String sql, String oltp, String olap, TestBed bed)
      throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE spendwatch.settings SET partition_granularity = 'day'");
      statement.execute("SELECT spendwatch.ensure_partitions('{2004-01-01Z}')");
      connection.setAutoCommit(false);
      String asked = sql.startsWith("INSERT a") ? ROW : sql;
      assertThat(
              List.of(
                  answer(connection, statement, "spendwatch_oltp", asked),
                  answer(connection, statement, "spendwatch_olap", asked)))
          .containsExactly(oltp, olap);
    }
  }

  /** Whatever is added to the schema, and to {@code accounts}. */
  @Test
  void whatUsersAreCalledOnlyTheHotPathReadsAndWhoIsEntitledTo(TestBed bed) throws SQLException {
    String readable =
        """
        SELECT role.rolname || ' ' || relation.relname
          FROM pg_attribute AS attribute
          JOIN pg_class AS relation ON relation.oid = attrelid AND relnamespace = 'spendwatch'::regnamespace
         CROSS JOIN pg_roles AS role
         WHERE attname = 'username' AND attnum > 0
           AND role.rolname IN ('spendwatch_oltp', 'spendwatch_olap', 'spendwatch_audit', 'spendwatch_names')
           AND has_column_privilege(role.oid, relation.oid, attnum, 'SELECT')
         ORDER BY 1
        """;
    String hidden =
        """
        SELECT attname FROM pg_attribute
         WHERE attrelid = 'spendwatch.accounts'::regclass AND attnum > 0 AND NOT attisdropped
           AND NOT has_column_privilege('spendwatch_olap', attrelid, attnum, 'SELECT')
        """;
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      assertThat(strings(statement, readable))
          .containsExactly("spendwatch_names accounts_named", "spendwatch_oltp accounts");
      assertThat(strings(statement, hidden)).containsExactly("username");
      statement.execute("SET ROLE spendwatch_names");
      assertThat(strings(statement, "SELECT username FROM spendwatch.accounts_named LIMIT 0"))
          .isEmpty();
      statement.execute("RESET ROLE");
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

  /** Nor has whoever may do anything else: what was done stays there by a trigger. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE spendwatch.operator_actions SET who = 'another'",
        "DELETE FROM spendwatch.operator_actions",
        "TRUNCATE spendwatch.operator_actions"
      })
  void whatWasDoneIsOnlyEverAddedTo(String sql, TestBed bed) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      assertThatThrownBy(() -> statement.execute(sql)).hasMessageContaining("only ever added to");
    }
  }

  /** What an audit has said stays as it was said: also with the rights of who audits. */
  @Test
  void runsThatHaveEndedAndTheirFindingsAreNotChanged(TestBed bed) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("SET SESSION AUTHORIZATION spendwatch_audit");
      for (int run = 0; run < 3; run++) {
        statement.execute(
            "INSERT INTO spendwatch.reconciliation_runs (mode, node_id, started_at) VALUES ('FULL', 'n', now())");
        statement.execute(
            """
            INSERT INTO spendwatch.reconciliation_findings (run_id, last_run_id, kind, kafka_offset, detail, reproduce)
            SELECT max(run_id), max(run_id), 'OFFSET_GAP', max(run_id), 'd', 'r' FROM spendwatch.reconciliation_runs
            """);
        statement.execute(
            "UPDATE spendwatch.reconciliation_runs SET outcome = 'FINDINGS', finished_at = now() WHERE outcome IS NULL");
      }
      for (String change :
          List.of(
              "UPDATE spendwatch.reconciliation_runs SET outcome = 'CLEAN'",
              "UPDATE spendwatch.reconciliation_findings SET kind = 'OTHER'",
              "UPDATE spendwatch.reconciliation_findings SET resolved_run_id = run_id",
              "DELETE FROM spendwatch.reconciliation_findings",
              """
              INSERT INTO spendwatch.reconciliation_findings (run_id, last_run_id, kind, detail, reproduce)
              SELECT run_id, run_id, 'OFFSET_GAP', 'd', 'r' FROM spendwatch.reconciliation_runs
              """)) {
        assertThat(refusal(connection, change)).as(change).isEqualTo("23001");
      }
      assertThat(broken(statement)).isEmpty();
      // The owner, on purpose.
      statement.execute("RESET SESSION AUTHORIZATION");
      assertThat(refusal(connection, "TRUNCATE spendwatch.reconciliation_runs CASCADE"))
          .isEqualTo("23001");
      statement.execute("SET session_replication_role = replica");
      for (String change :
          List.of(
              "UPDATE spendwatch.reconciliation_runs SET outcome = 'CLEAN' WHERE place = (SELECT max(place) - 1 FROM spendwatch.reconciliation_runs)",
              "DELETE FROM spendwatch.reconciliation_runs WHERE place = (SELECT max(place) FROM spendwatch.reconciliation_runs)",
              "DELETE FROM spendwatch.reconciliation_runs WHERE place = (SELECT max(place) - 1 FROM spendwatch.reconciliation_runs)",
              "DELETE FROM spendwatch.reconciliation_findings WHERE detail = 'd'",
              "UPDATE spendwatch.reconciliation_findings SET resolved_run_id = run_id WHERE detail = 'd'",
              "INSERT INTO spendwatch.reconciliation_runs (mode, node_id, started_at, outcome) VALUES ('FULL', 'n', now(), 'CLEAN')")) {
        Savepoint before = connection.setSavepoint();
        statement.execute(change);
        assertThat(broken(statement)).as(change).isNotEmpty();
        connection.rollback(before);
      }
      assertThat(broken(statement)).isEmpty();
      connection.rollback();
    }
  }

  private static List<String> broken(Statement statement) throws SQLException {
    List<String> broken = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery("SELECT * FROM spendwatch.broken_runs()")) {
      while (rows.next()) {
        broken.add(rows.getString(1) + " " + rows.getString(2));
      }
    }
    return broken;
  }

  private static String refusal(Connection connection, String sql) throws SQLException {
    Savepoint before = connection.setSavepoint();
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
      return "done";
    } catch (SQLException e) {
      return e.getSQLState();
    } finally {
      connection.rollback(before);
    }
  }

  /** Advisory locks anybody can take, also one that a former version took. */
  @Test
  void noLoginKeepsANewDayWaiting(TestBed bed) throws SQLException {
    try (Connection analyst = bed.database().connect("analyst");
        Statement lock = analyst.createStatement();
        Connection node = bed.database().connect("node");
        Statement statement = node.createStatement()) {
      lock.execute("SET SESSION AUTHORIZATION spendwatch_olap");
      lock.execute("SELECT pg_advisory_lock(hashtextextended('spendwatch.ensure_partitions', 0))");
      lock.execute("SELECT pg_advisory_lock(hashtextextended('spendwatch.merge_old_days', 0))");
      statement.execute("SET SESSION AUTHORIZATION spendwatch_oltp");
      statement.execute("SELECT spendwatch.ensure_partitions('{2031-05-05Z}')");
      statement.execute("SELECT spendwatch.merge_old_days(1, NULL)");
    }
    assertThat(
            column(
                bed.database(),
                "SELECT proname FROM pg_proc WHERE pronamespace = 'spendwatch'::regnamespace AND prosrc ~ 'advisory'"))
        .isEmpty();
  }

  /** Nodes of before had logins that were members of two roles. */
  @Test
  void whoeverWorkedForTheHotPathMayAuditAfterAMigration(TestBed bed) throws SQLException {
    execute(
        bed.database(),
        "CREATE ROLE old_node LOGIN",
        "GRANT spendwatch_oltp, spendwatch_olap TO old_node");
    assertThat(new Schema(bed.database()).migrate(NOW)).isZero();
    assertThat(
            column(bed.database(), "SELECT pg_has_role('old_node', 'spendwatch_audit', 'MEMBER')"))
        .containsExactly("t");
  }

  @Test
  void everythingBelongsToTheOwner(TestBed bed) throws SQLException {
    assertThat(
            column(
                bed.database(),
                """
                SELECT nspname FROM pg_namespace WHERE nspname = 'spendwatch' AND nspowner <> 'spendwatch_owner'::regrole
                UNION ALL
                SELECT relname FROM pg_class
                 WHERE relnamespace = 'spendwatch'::regnamespace AND relowner <> 'spendwatch_owner'::regrole
                UNION ALL
                SELECT proname FROM pg_proc
                 WHERE pronamespace = 'spendwatch'::regnamespace AND proowner <> 'spendwatch_owner'::regrole
                """))
        .isEmpty();
    assertThat(
            column(
                bed.database(),
                "SELECT rolname FROM pg_roles WHERE rolname ^@ 'spendwatch_' AND (rolcanlogin OR rolsuper OR rolcreaterole)"))
        .isEmpty();
  }

  @Test
  void whatSomebodyHasGrantedDoesNotStay(TestBed bed) throws SQLException {
    execute(
        bed.database(),
        "GRANT DELETE ON spendwatch.transactions TO spendwatch_oltp",
        "GRANT UPDATE (verdict) ON spendwatch.transactions TO spendwatch_olap",
        "GRANT SELECT ON spendwatch.flyway_schema_history TO spendwatch_audit");
    assertThat(new Schema(bed.database()).migrate(NOW)).isZero();
    assertThat(
            column(
                bed.database(),
                """
                SELECT unnest(ARRAY[
                    has_table_privilege('spendwatch_oltp', 'spendwatch.transactions', 'DELETE'),
                    has_column_privilege('spendwatch_olap', 'spendwatch.transactions', 'verdict', 'UPDATE'),
                    has_table_privilege('spendwatch_audit', 'spendwatch.flyway_schema_history', 'SELECT'),
                    has_table_privilege('spendwatch_audit', 'spendwatch.transactions', 'SELECT')])
                """))
        .containsExactly("f", "f", "f", "t");
  }

  /** With other rights it could be made to run what somebody else has put in its way. */
  @Test
  void functionsWithTheirOwnersRightsLookNowhereButInTheCatalogue(TestBed bed) throws SQLException {
    assertThat(
            column(
                bed.database(),
                """
                SELECT DISTINCT coalesce(array_to_string(ARRAY(
                         SELECT setting FROM unnest(proconfig) AS setting WHERE setting ^@ 'search_path'), ','), 'none')
                  FROM pg_proc
                 WHERE pronamespace = 'spendwatch'::regnamespace AND prosecdef
                """))
        .containsExactly("search_path=pg_catalog, pg_temp");
  }

  @Test
  void rolesThatLogInThemselvesBringTheirTimeOuts(TestBed bed) throws SQLException {
    assertThat(
            column(
                bed.database(),
                "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 'spendwatch_olap'::regrole"))
        .contains(
            "statement_timeout=5min", "work_mem=64MB", "lock_timeout=10s", "temp_file_limit=20GB");
    assertThat(
            column(
                bed.database(),
                "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'spendwatch_olap'"))
        .containsExactly("20");
    assertThat(
            column(
                bed.database(),
                "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setrole = 'spendwatch_oltp'::regrole"))
        .contains("statement_timeout=20s", "idle_in_transaction_session_timeout=10s");
  }

  @Test
  void whoeverMayWriteAccountsChangesThemAndNothingElse(TestBed bed) throws SQLException {
    execute(
        bed.database(),
        "CREATE ROLE bookkeeper",
        "GRANT USAGE ON SCHEMA spendwatch TO bookkeeper",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON spendwatch.accounts TO bookkeeper");
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("SET ROLE bookkeeper");
      statement.execute(
          "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('b', 'USD', 1)");
      statement.execute("UPDATE spendwatch.accounts SET balance_minor = 2 WHERE user_id = 'b'");
      statement.execute("DELETE FROM spendwatch.accounts WHERE user_id = 'b'");
      statement.execute(
          "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('b', 'USD', 3)");
      assertThat(
              column(
                  bed.database(),
                  "SELECT balance_version FROM spendwatch.accounts WHERE user_id = 'b'"))
          .containsExactly("4");
      statement.execute(
          "UPDATE spendwatch.accounts SET balance_minor = 4, as_of = '2001-01-01Z' WHERE user_id = 'b'");
      statement.execute("UPDATE spendwatch.accounts SET user_id = 'c' WHERE user_id = 'b'");
      assertThat(
              column(
                  bed.database(),
                  "SELECT user_id || balance_version || '=' || balance_minor FROM spendwatch.account_versions"
                      + " WHERE user_id IN ('b', 'c') ORDER BY user_id, balance_version"))
          .containsExactly("b1=1", "b2=2", "b4=3", "b5=4", "c1=3");
    }
  }

  /** The hot path reads versions, and writes them only by way of the accounts. */
  @Test
  void theHotPathAppliesBalancesInItsOwnRole(TestBed bed) throws SQLException {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("SET SESSION AUTHORIZATION spendwatch_oltp");
      statement.execute(
          "SELECT spendwatch.apply_balances('{1,2,3}', '{h,h,h}', '{n,n,n}', '{USD,USD,USD}', '{1,2,3}',"
              + " '{2024-01-02Z,2024-01-03Z,2024-01-01Z}')");
      assertThat(
              column(
                  bed.database(),
                  "SELECT balance_version FROM spendwatch.account_versions WHERE user_id = 'h' ORDER BY as_of"))
          .containsExactly("3", "1", "2");
    }
  }

  /** As most managed servers have it: nobody is superuser. */
  @Test
  void aUserWhoMayMakeRolesMigratesAndMayWorkAsThem(TestBed bed) throws SQLException {
    PostgresAddress own =
        databaseOf(
            bed, "may_make_roles", "CREATE ROLE may_make_roles LOGIN CREATEROLE PASSWORD 'x'");
    execute(
        bed.database(),
        "GRANT spendwatch_owner, spendwatch_oltp, spendwatch_olap, spendwatch_audit TO may_make_roles WITH ADMIN OPTION");
    int _ = new Schema(own).migrate(NOW);
    assertThat(new Schema(own).migrate(NOW)).isZero();
    assertThat(new Schema(own).rolesOutOfReach()).isEmpty();
    assertThat(owners(own)).containsExactly("spendwatch_owner");
  }

  @Test
  void whereRolesCannotBeMadeEverythingStaysTheUsersOwn(TestBed bed) throws SQLException {
    PostgresAddress own =
        databaseOf(bed, "may_nothing", "CREATE ROLE may_nothing LOGIN PASSWORD 'x'");
    int _ = new Schema(own).migrate(NOW);
    assertThat(new Schema(own).rolesOutOfReach())
        .containsExactly(
            "spendwatch_owner", "spendwatch_oltp", "spendwatch_olap", "spendwatch_audit");
    assertThat(owners(own)).containsExactly("may_nothing");
    execute(own, ROW.replace("2004-01-01", "2030-02-28"));

    execute(
        bed.database(),
        "GRANT spendwatch_owner, spendwatch_oltp, spendwatch_olap, spendwatch_audit TO may_nothing");
    assertThat(new Schema(own).migrate(NOW)).isZero();
    assertThat(new Schema(own).rolesOutOfReach()).isEmpty();
    assertThat(owners(own)).containsExactly("spendwatch_owner");
  }

  private static List<String> owners(PostgresAddress database) throws SQLException {
    return column(
        database,
        "SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'spendwatch'::regnamespace");
  }

  private static PostgresAddress databaseOf(TestBed bed, String user, String createRole)
      throws SQLException {
    execute(bed.database(), createRole, "CREATE DATABASE " + user + " OWNER " + user);
    return new PostgresAddress(
        bed.database().hosts(), user, bed.database().parameters(), user, "x");
  }

  private static String answer(Connection connection, Statement statement, String role, String sql)
      throws SQLException {
    try {
      // As a login that is a member of nothing else.
      statement.execute("SET SESSION AUTHORIZATION " + role);
      statement.execute(sql);
      return "allowed";
    } catch (SQLException e) {
      assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo("42501");
      return "refused";
    } finally {
      connection.rollback();
    }
  }

  private static void execute(PostgresAddress address, String... statements) throws SQLException {
    try (Connection connection = address.connect("test");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static List<String> column(PostgresAddress address, String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Connection connection = address.connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }
}
