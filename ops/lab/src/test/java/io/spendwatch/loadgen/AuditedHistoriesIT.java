package io.spendwatch.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.audit.AuditScripts;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What the oracle decides of random histories, with balances that change before, after and while
 * transactions come, is clean to the audit: written as rows, and assessed in one run or in several.
 */
@ExtendWith(Servers.class)
class AuditedHistoriesIT {
  private static final Duration GRACE = Duration.ofSeconds(10);

  @Test
  void nothingIsFoundInWhatTheOracleDecides(TestBed bed) throws SQLException {
    int seeds = Integer.getInteger("spendwatch.audit.histories", 60);
    long from = Long.getLong("spendwatch.audit.histories.from", 1);
    try (Connection connection = bed.database().connect("test")) {
      try (Statement statement = connection.createStatement()) {
        // A few partitions instead of hundreds: each statement looks at all of them.
        boolean _ =
            statement.execute("UPDATE spendwatch.settings SET partition_granularity = 'month'");
      }
      for (long seed = from; seed < from + seeds; seed++) {
        AuditedHistory history = new AuditedHistory(seed);
        clear(connection);
        var parts = new AuditScripts(connection, GRACE);
        while (history.goesOn()) {
          String since = history.wall();
          history.play(connection, 12);
          List<String> found = parts.run(history.offsets(), false, since);
          assertThat(found)
              .as("seed %d, up to offset %d, what is new", seed, history.offsets())
              .isEmpty();
        }
        List<String> found =
            new AuditScripts(connection, GRACE).run(history.offsets(), true, "-infinity");
        assertThat(found).as("seed %d, all of it", seed).isEmpty();
      }
    }
  }

  /**
   * Rows before some instant are gone, as after their retention; or a day of them is, and what was
   * before it has come back from an archive. What is left is as clean as it was.
   */
  @Test
  void nothingIsFoundWhereRowsWereDropped(TestBed bed) throws SQLException {
    int dropped = 0;
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      boolean _ =
          statement.execute("UPDATE spendwatch.settings SET partition_granularity = 'month'");
      for (long seed = 1; seed <= 20; seed++) {
        AuditedHistory history = new AuditedHistory(seed);
        clear(connection);
        history.play(connection, Integer.MAX_VALUE);
        connection.commit();
        var random = new Random(seed);
        for (int cut = 0; cut < 4; cut++) {
          String before = history.somewhere(random);
          boolean isRestored = random.nextBoolean();
          // The audit's transaction, which it undoes.
          dropped +=
              statement.executeUpdate(
                  "DELETE FROM spendwatch.transactions WHERE event_time < '"
                      + before
                      + "'"
                      + (isRestored
                          ? " AND event_time >= '" + before + "'::timestamptz - interval '1 day'"
                          : ""));
          assertThat(
                  new AuditScripts(connection, GRACE)
                      .droppedBefore(before)
                      .run(history.offsets(), true, "-infinity"))
              .as("seed %d, dropped before %s, restored %s", seed, before, isRestored)
              .isEmpty();
        }
      }
    }
    assertThat(dropped).isGreaterThan(100);
  }

  /**
   * Of what is new, most is held against the row before it only: a sum that is wrong shows all the
   * same, wherever in the history it is, and after whatever came late.
   */
  @Test
  void aSumThatIsWrongIsFoundWithWhatIsNew(TestBed bed) throws SQLException {
    int planted = 0;
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      boolean _ =
          statement.execute("UPDATE spendwatch.settings SET partition_granularity = 'month'");
      for (long seed = 1; seed <= 25; seed++) {
        AuditedHistory history = new AuditedHistory(seed);
        clear(connection);
        var parts = new AuditScripts(connection, GRACE);
        while (history.goesOn()) {
          String since = history.wall();
          int before = history.offsets();
          history.play(connection, 6);
          // Any of the new ones, the first or the last of them as well as one between.
          String row =
              """
              (SELECT transaction_id FROM spendwatch.transactions
                WHERE kafka_offset >= %d AND verdict = 'CLEAR' AND exposure_minor < balance_minor
                  AND transaction_id NOT IN (SELECT transaction_id FROM spendwatch.alerts WHERE transaction_id IS NOT NULL)
                ORDER BY md5(transaction_id) LIMIT 1)
              """
                  .formatted(before);
          int wrong =
              statement.executeUpdate(
                  "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor + 1 WHERE transaction_id = "
                      + row);
          List<String> found = parts.run(history.offsets(), false, since);
          if (wrong == 1) {
            assertThat(found)
                .as("seed %d, from offset %d", seed, before)
                .singleElement()
                .asString()
                .startsWith("WRONG_EXPOSURE");
            planted++;
            int _ =
                statement.executeUpdate(
                    "UPDATE spendwatch.transactions SET exposure_minor = exposure_minor - 1 WHERE transaction_id = "
                        + row);
          }
        }
      }
    }
    assertThat(planted).isGreaterThan(25);
  }

  /**
   * A plant, and what it must be found as.
   *
   * @param sql changes one row, where there is one that serves
   */
  private record Plant(String kind, String sql) {}

  private static final String CERTAIN =
      " AND user_id NOT IN (SELECT user_id FROM spendwatch.alerts WHERE late)";

  private static final List<Plant> PLANTS =
      List.of(
          // One that was in force before, with which its verdict would be the same.
          new Plant(
              "WRONG_BALANCE",
              """
              UPDATE spendwatch.transactions AS t SET balance_version = v.balance_version, balance_minor = v.balance_minor
                FROM spendwatch.account_versions AS v
               WHERE (t.user_id, t.transaction_id, v.balance_version) = (
                       SELECT row.user_id, row.transaction_id, former.balance_version
                         FROM spendwatch.transactions AS row
                         JOIN spendwatch.account_versions AS former USING (user_id)
                        WHERE row.verdict = 'CLEAR' AND former.balance_version < row.balance_version
                          AND former.balance_minor >= row.exposure_minor AND former.balance_minor <> row.balance_minor
                        ORDER BY 1, 2, 3 LIMIT 1)
                 AND v.user_id = t.user_id
              """),
          // None, though one was known.
          new Plant(
              "WRONG_BALANCE",
              """
              UPDATE spendwatch.transactions
                 SET balance_version = NULL, balance_minor = NULL, verdict = 'NO_ACCOUNT', known_version = balance_version
               WHERE (user_id, transaction_id) = (
                       SELECT user_id, transaction_id FROM spendwatch.transactions
                        WHERE verdict = 'CLEAR' AND user_id NOT IN (SELECT user_id FROM spendwatch.alerts)
                        ORDER BY 1, 2 LIMIT 1)
              """),
          alert(
              "MISSING_ALERT",
              "DELETE FROM",
              "",
              "type = 'RAISED' AND cause = 'BALANCE'" + CERTAIN),
          alert(
              "MISSING_CLEARED",
              "DELETE FROM",
              "",
              "type = 'CLEARED' AND cause = 'BALANCE'" + CERTAIN),
          alert(
              "WRONG_ALERT",
              "UPDATE",
              "SET cause = NULL",
              "type = 'RAISED' AND cause = 'BALANCE'" + CERTAIN),
          alert(
              "WRONG_ALERT",
              "UPDATE",
              "SET balance_minor = balance_minor - 1",
              "type = 'RAISED' AND cause = 'BALANCE'" + CERTAIN),
          alert(
              "WRONG_ALERT",
              "UPDATE",
              "SET balance_minor = balance_minor - 1",
              "type = 'RAISED' AND late AND revealed_by IS NULL"),
          alert(
              "WRONG_ALERT",
              "UPDATE",
              "SET exposure_minor = exposure_minor + 1",
              "type = 'RAISED' AND late AND revealed_by IS NULL"),
          alert(
              "WRONG_ALERT",
              "UPDATE",
              "SET revealed_by = 'another'",
              "late AND revealed_by IS NOT NULL"),
          alert("EXTRA_ALERT", "UPDATE", "SET revealed_by = 't0'", "late AND revealed_by IS NULL"),
          alert(
              "WRONG_ALERT",
              "UPDATE",
              "SET transaction_id = 'another'",
              "late AND transaction_id IS NOT NULL AND revealed_by IS NULL"));

  /** One of the alerts for which the condition holds. */
  private static Plant alert(String kind, String verb, String change, String condition) {
    return new Plant(
        kind,
        verb
            + " spendwatch.alerts "
            + change
            + " WHERE alert_id = (SELECT min(alert_id) FROM spendwatch.alerts WHERE "
            + condition
            + ")");
  }

  @Test
  void whatIsPlantedIsFoundAndNothingElse(TestBed bed) throws SQLException {
    List<Plant> left = new ArrayList<>(PLANTS);
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      boolean _ =
          statement.execute("UPDATE spendwatch.settings SET partition_granularity = 'month'");
      for (long seed = 1; !left.isEmpty(); seed++) {
        assertThat(seed).as("histories without anything to plant in: %s", left).isLessThan(200);
        AuditedHistory history = new AuditedHistory(seed);
        clear(connection);
        history.play(connection, Integer.MAX_VALUE);
        for (Plant plant : List.copyOf(left)) {
          if (statement.executeUpdate(plant.sql) == 1) {
            List<String> found =
                new AuditScripts(connection, GRACE).run(history.offsets(), true, "-infinity");
            assertThat(found)
                .as("seed %d: %s", seed, plant.sql)
                .singleElement()
                .asString()
                .startsWith(plant.kind);
            left.remove(plant);
          }
        }
      }
    }
  }

  private static void clear(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      boolean _ =
          statement.execute(
              "DELETE FROM spendwatch.transactions; DELETE FROM spendwatch.alerts; DELETE FROM spendwatch.accounts;"
                  + " DELETE FROM spendwatch.account_versions; DELETE FROM spendwatch.closed_accounts;"
                  + " DELETE FROM spendwatch.claims; DELETE FROM spendwatch.progress;"
                  + " DELETE FROM spendwatch.open_episodes; DELETE FROM spendwatch.reconciliation_positions;"
                  + " DELETE FROM spendwatch.reconciliation_open_episodes;"
                  + " DELETE FROM spendwatch.reconciliation_late");
    }
    connection.commit();
  }
}
