package io.spendwatch.ops.storage.rollups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * At every moment each roll-up is what its rows add up to, counted anew by SQL of its own, whatever
 * has happened to the steps: cut short, two at once, rows that were moved, roll-ups built anew.
 */
@ExtendWith(Servers.class)
class RollupsIT {
  private static final List<String> NAMES =
      List.of(
          "hourly_spend",
          "daily_spend",
          "daily_users",
          "monthly_users",
          "daily_habits",
          "hourly_alerts",
          "user_risk",
          "minute_sales");

  private NodeSettings settings;
  private Database database;
  private Connection connection;
  private Statement sql;

  @BeforeEach
  void connect(TestBed bed) throws SQLException {
    settings = NodeSettings.of(bed);
    database = Database.open(Configuration.load().rollups().postgres());
    connection = bed.database().connect("test");
    sql = connection.createStatement();
    sql.execute("SELECT spendwatch.begin_sales_metrics()");
    sql.execute(
        "CREATE OR REPLACE FUNCTION public.crash() RETURNS trigger LANGUAGE plpgsql AS"
            + " $$ BEGIN RAISE EXCEPTION 'crashed'; END $$");
    WrittenRows.empty(sql, LocalDate.parse("2026-04-12"));
  }

  @AfterEach
  void close() throws SQLException {
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.daily_users");
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.rollup_feed");
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.daily_habits_position");
    connection.close();
    var _ = database.close().toCompletableFuture().join();
    settings.close();
  }

  @Test
  void areWhatTheirRowsAddUpToWhateverHappensToTheSteps(TestBed bed) throws SQLException {
    int seeds = Integer.getInteger("spendwatch.histories-of-rollups", 25);
    long from = Long.getLong("spendwatch.histories-of-rollups-from", 1);
    for (long seed = from; seed < from + seeds; seed++) {
      if (seed > from) {
        close();
        connect(bed);
      }
      var random = new Random(seed);
      var rows = new WrittenRows(random, database);
      for (int act = 0; act < 40; act++) {
        String what = act(random, rows);
        assertThat(differences("rolled_up_transactions", "rolled_up_alerts"))
            .as("seed %d, act %d: %s", seed, act, what)
            .isEmpty();
      }
      settle();
      assertThat(differences("transactions", "alerts")).as("seed %d, settled", seed).isEmpty();
      assertThat(
              text(
                  "SELECT as_of = (SELECT date_trunc('second', max(event_time)) FROM spendwatch.transactions) FROM spendwatch.user_risk_clock"))
          .as("seed %d, the clock", seed)
          .isEqualTo("t");
    }
  }

  private String act(Random random, WrittenRows rows) throws SQLException {
    int rowsAtOnce = 1 + random.nextInt(30);
    return switch (random.nextInt(15)) {
      case 0, 1, 2, 3, 4 -> {
        yield rows.write() + " rows";
      }
      case 5, 6, 7 -> {
        var _ = new Rollups(database, rowsAtOnce).keep(() -> false);
        yield "a step";
      }
      case 8 -> {
        // In the middle of it, or when all but its commit is done.
        boolean late = random.nextBoolean();
        crash(late);
        if ("t".equals(text("SELECT EXISTS (SELECT FROM spendwatch.rollup_feed)"))) {
          assertThatThrownBy(() -> new Rollups(database, rowsAtOnce).keep(() -> false))
              .isInstanceOf(OperatorException.class)
              .hasMessageContaining("crashed");
        }
        recover();
        yield "a crash " + (late ? "before the commit" : "in a step");
      }
      case 9 -> {
        List<CompletableFuture<?>> both = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
          both.add(
              CompletableFuture.runAsync(
                  () -> {
                    var _ = new Rollups(database, rowsAtOnce).keep(() -> true);
                  }));
        }
        both.forEach(CompletableFuture::join);
        yield "two at once";
      }
      case 10 -> {
        // Every row is somewhere else in its table.
        sql.execute("VACUUM FULL spendwatch.transactions");
        yield "moved rows";
      }
      case 11 -> {
        LocalDate day = endedDay(random);
        boolean isAll = reach(1 + random.nextInt(20), day, random::nextBoolean);
        yield "habits before " + day + (isAll ? "" : ", not all of them");
      }
      case 12 -> {
        LocalDate day = endedDay(random);
        sql.execute(
            "CREATE TRIGGER crash BEFORE UPDATE ON spendwatch.daily_habits_position FOR EACH STATEMENT EXECUTE FUNCTION public.crash()");
        if (!"t"
            .equals(
                text("SELECT day >= '%s' FROM spendwatch.daily_habits_position".formatted(day)))) {
          assertThatThrownBy(() -> reach(5, day, () -> true))
              .isInstanceOf(OperatorException.class)
              .hasMessageContaining("crashed");
        }
        recover();
        yield "a crash while habits before " + day + " were counted";
      }
      case 13 -> {
        LocalDate day = endedDay(random);
        CompletableFuture<?> steps =
            CompletableFuture.runAsync(
                () -> {
                  var _ = new Rollups(database, rowsAtOnce).keep(() -> true);
                });
        boolean _ = reach(5, day, () -> true);
        steps.join();
        yield "habits before " + day + " beside steps";
      }
      default -> {
        String name = NAMES.get(random.nextInt(NAMES.size()));
        new Rollups(database, rowsAtOnce).rebuild(name);
        yield "built " + name;
      }
    };
  }

  /** Settled, and all days have ended. */
  private void settle() {
    assertThat(new Rollups(database, 50).keep(() -> true).isAll()).isTrue();
    assertThat(reach(10, LocalDate.parse("2026-06-01"), () -> true)).isTrue();
  }

  private boolean reach(int transactionsAtOnce, LocalDate day, BooleanSupplier goesOn) {
    return Session.pinned(
        database, session -> new EndedHabits(transactionsAtOnce).reach(session, day, goesOn));
  }

  /** Among those that rows are of, or just before or after them. */
  private static LocalDate endedDay(Random random) {
    return LocalDate.parse("2026-03-26").plusDays(random.nextInt(16));
  }

  @Test
  void aRollupThatSomebodyHasChangedIsRightOnceItIsBuiltAnew() throws SQLException {
    var rows = new WrittenRows(new Random(7), database);
    for (int i = 0; i < 30; i++) {
      var _ = rows.write();
    }
    settle();
    for (String change :
        List.of(
            "UPDATE spendwatch.hourly_spend SET transactions = transactions + 1",
            "UPDATE spendwatch.daily_spend SET breaches = breaches + 1",
            "DELETE FROM spendwatch.daily_users",
            "UPDATE spendwatch.monthly_users SET first_day = first_day - 1",
            "UPDATE spendwatch.daily_habits SET hours = 0",
            "UPDATE spendwatch.minute_sales SET refunds_minor = refunds_minor + 1",
            "INSERT INTO spendwatch.hourly_alerts VALUES ('2026-03-25Z', 'RAISED', true, 77)",
            "UPDATE spendwatch.user_risk SET total_1h_minor = 0, exposure_minor = 1, largest = '{}', largest_leave = '{}'")) {
      sql.execute(change);
    }
    assertThat(differences("transactions", "alerts"))
        .extracting(line -> line.substring(0, line.indexOf(' ')))
        .containsAll(NAMES);
    for (String name : NAMES) {
      new Rollups(database, 50).rebuild(name);
    }
    assertThat(differences("transactions", "alerts")).isEmpty();
    var _ = rows.write();
    var _ = rows.write();
    settle();
    assertThat(differences("transactions", "alerts")).isEmpty();
  }

  /** As after a migration that adds one to a database with rows. */
  @Test
  void whatWasThereBeforeItIsAddedByTheNextLook() throws SQLException {
    var rows = new WrittenRows(new Random(8), database);
    for (int i = 0; i < 20; i++) {
      var _ = rows.write();
    }
    sql.execute("DELETE FROM spendwatch.rollup_feed");
    sql.execute("UPDATE spendwatch.rollups SET built = false");
    settle();
    assertThat(new Rollups(database, 50).states()).allMatch(Rollups.State::isBuilt);
    assertThat(differences("transactions", "alerts")).isEmpty();
  }

  /** Else its table is as large as all of their days together, and stays so. */
  @Test
  void whatIsOfUsersIsBuiltByWritingEachOnce() throws SQLException {
    var rows = new WrittenRows(new Random(12), database);
    for (int i = 0; i < 60; i++) {
      var _ = rows.write();
    }
    settle();
    assertThat(Long.parseLong(text("SELECT count(*) FROM spendwatch.rollup_parts()")))
        .isGreaterThan(5);
    sql.execute("TRUNCATE spendwatch.user_risk");
    new Rollups(database, 50).rebuild("user_risk");
    String bytes = "SELECT pg_relation_size('spendwatch.user_risk')";
    long built = Long.parseLong(text(bytes));
    sql.execute("VACUUM FULL spendwatch.user_risk");
    // Again are written those whose last hour is of two days, for which its pages have room.
    assertThat(built).isLessThanOrEqualTo(Long.parseLong(text(bytes)));
    assertThat(differences("transactions", "alerts")).isEmpty();
  }

  @Test
  void whatHasBeenDroppedStaysInThem() throws SQLException {
    var rows = new WrittenRows(new Random(9), database);
    for (int i = 0; i < 60; i++) {
      var _ = rows.write();
    }
    settle();
    String days =
        "SELECT string_agg(d::text, '; ' ORDER BY d) FROM spendwatch.daily_users AS d WHERE day < '2026-04-01'";
    String before = text(days);
    String months =
        "SELECT string_agg(m::text, '; ' ORDER BY m) FROM spendwatch.monthly_users AS m WHERE month = '2026-03-01'";
    String monthsBefore = text(months);
    sql.execute(
        """
        ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20260331;
        SELECT spendwatch.drop_detached_partition('transactions_20260331');
        """);
    new Rollups(database, 50).rebuild("daily_users");
    assertThat(text(days)).isEqualTo(before).isNotEmpty();
    // The month is of all its days, those that were dropped included.
    sql.execute("UPDATE spendwatch.monthly_users SET transactions = transactions + 1");
    new Rollups(database, 50).rebuild("monthly_users");
    assertThat(text(months)).isEqualTo(monthsBefore).isNotEmpty();
  }

  @Test
  void aVersionThatLacksOneTakesNothingFromTheFeed() throws SQLException {
    var _ = new WrittenRows(new Random(10), database).write();
    var _ = new WrittenRows(new Random(11), database).write();
    String notes = text("SELECT count(*) FROM spendwatch.rollup_feed");
    sql.execute("INSERT INTO spendwatch.rollups (name, built) VALUES ('of_a_later_version', true)");
    try {
      assertThatThrownBy(() -> new Rollups(database, 50).keep(() -> true))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("of_a_later_version");
      assertThat(text("SELECT count(*) FROM spendwatch.rollup_feed")).isEqualTo(notes);
    } finally {
      sql.execute("DELETE FROM spendwatch.rollups WHERE name = 'of_a_later_version'");
    }
  }

  @Test
  void onlyWhatIsARollupIsBuilt() {
    assertThatThrownBy(() -> new Rollups(database, 50).rebuild("accounts"))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("hourly_spend");
  }

  private void crash(boolean late) throws SQLException {
    sql.execute(
        late
            ? "CREATE CONSTRAINT TRIGGER crash AFTER DELETE ON spendwatch.rollup_feed DEFERRABLE INITIALLY DEFERRED"
                + " FOR EACH ROW EXECUTE FUNCTION public.crash()"
            : "CREATE TRIGGER crash BEFORE INSERT ON spendwatch.daily_users FOR EACH STATEMENT EXECUTE FUNCTION public.crash()");
  }

  private void recover() throws SQLException {
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.daily_users");
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.rollup_feed");
    sql.execute("DROP TRIGGER IF EXISTS crash ON spendwatch.daily_habits_position");
  }

  /** What must be in each, by the rows alone, in the order of the roll-up's columns. */
  private static final Map<String, String> EXPECTED =
      Map.of(
          "hourly_spend",
          """
          SELECT date_bin('1 hour', event_time, '2000-01-01Z'), CASE WHEN merchant IS NULL THEN '' ELSE merchant END, currency, count(*),
                 sum(CASE WHEN kind = 'PURCHASE' THEN amount_minor ELSE 0 END),
                 sum(CASE WHEN kind = 'REFUND' THEN amount_minor ELSE 0 END), sum((verdict = 'BREACH')::int)
            FROM transactions GROUP BY 1, 2, 3
          """,
          "daily_spend",
          """
          SELECT date_bin('1 day', event_time, '2000-01-01Z')::timestamp::date, CASE WHEN merchant IS NULL THEN '' ELSE merchant END, currency, count(*),
                 sum(CASE WHEN kind = 'PURCHASE' THEN amount_minor ELSE 0 END),
                 sum(CASE WHEN kind = 'REFUND' THEN amount_minor ELSE 0 END), sum((verdict = 'BREACH')::int)
            FROM transactions GROUP BY 1, 2, 3
          """,
          "monthly_users",
          """
          SELECT make_date(extract(year FROM event_time)::int, extract(month FROM event_time)::int, 1), user_id, currency, count(*),
                 sum(CASE WHEN kind = 'PURCHASE' THEN amount_minor ELSE 0 END),
                 sum(CASE WHEN kind = 'REFUND' THEN amount_minor ELSE 0 END), max(exposure_minor),
                 max(CASE WHEN exposure_minor > balance_minor THEN exposure_minor - balance_minor ELSE 0 END),
                 min(event_time)::date, max(event_time)::date
            FROM transactions GROUP BY 1, 2, 3
          """,
          "daily_users",
          """
          SELECT date_bin('1 day', event_time, '2000-01-01Z')::timestamp::date, user_id, currency, count(*),
                 sum(CASE WHEN kind = 'PURCHASE' THEN amount_minor ELSE 0 END),
                 sum(CASE WHEN kind = 'REFUND' THEN amount_minor ELSE 0 END), max(exposure_minor),
                 max(CASE WHEN exposure_minor > balance_minor THEN exposure_minor - balance_minor ELSE 0 END)
            FROM transactions GROUP BY 1, 2, 3
          """,
          "daily_habits",
          """
          SELECT date_bin('1 day', event_time, '2000-01-01Z')::timestamp::date, user_id, currency, CASE WHEN merchant IS NULL THEN '' ELSE merchant END,
                 (SELECT sum(1 << h)::integer FROM generate_series(0, 23) AS h WHERE h = ANY (array_agg(date_part('hour', event_time AT TIME ZONE 'UTC')))),
                 count(*)
            FROM transactions GROUP BY 1, 2, 3, 4
          HAVING (date_bin('1 day', event_time, '2000-01-01Z')::timestamp::date, user_id) < (SELECT day, user_id FROM spendwatch.daily_habits_position)
          """,
          "hourly_alerts",
          """
          SELECT date_bin('1 hour', event_time, '2000-01-01Z'), type, late, count(*) FROM alerts GROUP BY 1, 2, 3
          """,
          "minute_sales",
          """
          SELECT date_bin('1 minute', event_time, '2000-01-01Z'), CASE WHEN merchant IS NULL THEN '' ELSE merchant END, currency,
                 sum((kind = 'PURCHASE')::int), sum(CASE WHEN kind = 'PURCHASE' THEN amount_minor ELSE 0 END),
                 sum((kind = 'REFUND')::int), sum(CASE WHEN kind = 'REFUND' THEN amount_minor ELSE 0 END)
            FROM transactions GROUP BY 1, 2, 3
          """,
          "user_risk",
          """
          SELECT user_id, currency, count(*) FILTER (WHERE recent),
                 coalesce(sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) FILTER (WHERE recent), 0),
                 coalesce(max(amount_minor) FILTER (WHERE recent AND kind = 'PURCHASE'), 0),
                 max(exposure_minor) FILTER (WHERE last), max(balance_minor) FILTER (WHERE last),
                 max(balance_minor - exposure_minor) FILTER (WHERE last), max(event_time)
            FROM (SELECT t.*, event_time > (SELECT as_of FROM spendwatch.user_risk_clock) - interval '1 hour' AS recent,
                         row_number() OVER (PARTITION BY user_id, currency
                                            ORDER BY event_time DESC, ingested_at DESC, kafka_partition DESC, kafka_offset DESC) = 1 AS last
                    FROM transactions AS t) AS row
           GROUP BY 1, 2
          """);

  private static final Map<String, String> COLUMNS =
      Map.of(
          "hourly_spend",
          "hour, merchant, currency, transactions, purchases_minor, refunds_minor, breaches",
          "daily_spend",
          "day, merchant, currency, transactions, purchases_minor, refunds_minor, breaches",
          "monthly_users",
          "month, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor,"
              + " first_day, last_day",
          "daily_users",
          "day, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor",
          "daily_habits",
          "day, user_id, currency, merchant, hours, transactions",
          "hourly_alerts",
          "hour, type, late, alerts",
          "minute_sales",
          "minute, merchant, currency, purchases, purchases_minor, refunds, refunds_minor",
          "user_risk",
          "user_id, currency, transactions_1h, total_1h_minor, max_1h_minor, exposure_minor, balance_minor, headroom_minor,"
              + " updated_at");

  /** By one statement, which is planned once and reads the rows once: most of what a test takes. */
  private List<String> differences(String transactions, String alerts) throws SQLException {
    String all =
        EXPECTED.keySet().stream()
            .map(RollupsIT::difference)
            .collect(
                Collectors.joining(
                    "\nUNION ALL\n",
                    """
                    WITH transactions AS MATERIALIZED (SELECT * FROM spendwatch.%s),
                         alerts AS MATERIALIZED (SELECT * FROM spendwatch.%s)
                    """
                        .formatted(transactions, alerts),
                    ""));
    List<String> differences = new ArrayList<>();
    try (ResultSet found = sql.executeQuery(all)) {
      while (found.next()) {
        differences.add(found.getString(1));
      }
    }
    return differences;
  }

  private static String difference(String rollup) {
    String kept = "SELECT " + COLUMNS.get(rollup) + " FROM spendwatch." + rollup;
    if (rollup.equals("daily_habits")) {
      kept += " WHERE (day, user_id) < (SELECT day, user_id FROM spendwatch.daily_habits_position)";
    }
    return """
        (SELECT '%1$s lacks ' || d::text FROM (%2$s EXCEPT ALL %3$s) AS d)
        UNION ALL
        (SELECT '%1$s has ' || d::text FROM (%3$s EXCEPT ALL %2$s) AS d)
        """
        .formatted(rollup, EXPECTED.get(rollup), kept);
  }

  private String text(String query) throws SQLException {
    try (ResultSet found = sql.executeQuery(query)) {
      assertThat(found.next()).isTrue();
      return found.getString(1);
    }
  }
}
