package io.spendwatch.ops.storage.schema;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Money;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Servers.class)
class SchemaIT {
  private static final Instant NOW = Instant.parse("2030-02-27T23:30:00Z");

  @Test
  void migratesNothingTheSecondTime(TestBed bed) throws Exception {
    assertThat(new Schema(bed.database()).migrate(NOW)).isZero();
  }

  @Test
  void takesADatabaseOfBeforeAMigrationWasReworded(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_reworded");
    Schema schema = new Schema(fresh);
    schema.migrate(NOW);
    String checksums =
        "SELECT version || ' ' || checksum FROM spendwatch.flyway_schema_history WHERE version IS NOT NULL";
    List<String> asBuilt = column(fresh, checksums);
    for (RewordedMigration each : RewordedMigration.ALL) {
      assertThat(asBuilt).contains(each.version() + " " + each.is());
      execute(
          fresh,
          "UPDATE spendwatch.flyway_schema_history SET checksum = %d WHERE version = '%s'"
              .formatted(each.was(), each.version()));
    }
    assertThat(schema.version().failed()).isZero();

    assertThat(schema.migrate(NOW)).isZero();

    assertThat(column(fresh, checksums)).containsExactlyInAnyOrderElementsOf(asBuilt);
  }

  @Test
  void migratesOnceWhenTwoMigrateAtOnce(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_two_at_once");
    List<Integer> applied = atOnce(4, () -> new Schema(fresh).migrate(NOW));
    assertThat(applied).filteredOn(n -> n == 0).hasSize(3);
    assertThat(applied).filteredOn(n -> n > 0).hasSize(1);
  }

  @Test
  void theHistoryOfBalancesBeginsWithThoseThatAreThere(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_history");
    var _ =
        Flyway.configure()
            .dataSource(fresh.jdbcUrl(), fresh.user(), fresh.password())
            .defaultSchema("spendwatch")
            .target("0009")
            .load()
            .migrate();
    execute(
        fresh,
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
            + " VALUES ('there', 'USD', 5), ('gone', 'USD', 6), ('back', 'USD', 7);"
            + "UPDATE spendwatch.accounts SET balance_minor = 8;"
            + "DELETE FROM spendwatch.accounts WHERE user_id <> 'there';"
            + "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('back', 'USD', 9)");
    new Schema(fresh).migrate(NOW);
    execute(
        fresh,
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('gone', 'USD', 10)");
    assertThat(
            column(
                fresh,
                "SELECT concat_ws(' ', user_id, balance_version, balance_minor, closed_at IS NOT NULL)"
                    + " FROM spendwatch.account_versions ORDER BY user_id, balance_version"))
        .containsExactly("back 3 9 f", "gone 3 10 f", "there 2 8 f");
  }

  /** A later number was in force then, whatever its {@code as_of}; the newest stays the newest. */
  @Test
  void versionsFromBeforeTheyWereEventsInTimeStayInTheirOrder(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_versions");
    var _ =
        Flyway.configure()
            .dataSource(fresh.jdbcUrl(), fresh.user(), fresh.password())
            .defaultSchema("spendwatch")
            .target("0013")
            .load()
            .migrate();
    execute(
        fresh,
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)"
            + " VALUES ('back', 'USD', 1, '2024-01-02T00:00:00.0009Z'), ('gone', 'USD', 6, '2024-01-01Z'),"
            + " ('same', 'USD', 7, '2024-01-01Z');"
            + "UPDATE spendwatch.accounts SET balance_minor = 2, as_of = '2024-01-01Z' WHERE user_id = 'back';"
            + "UPDATE spendwatch.accounts SET balance_minor = 3, as_of = '2024-01-03Z' WHERE user_id = 'back';"
            + "UPDATE spendwatch.accounts SET balance_minor = 8 WHERE user_id = 'same';"
            + "UPDATE spendwatch.accounts SET as_of = '2024-01-05Z' WHERE user_id = 'same';"
            + "DELETE FROM spendwatch.accounts WHERE user_id = 'gone'");
    new Schema(fresh).migrate(NOW);
    String versions =
        "SELECT concat_ws(' ', user_id, balance_version, balance_minor, to_char(as_of AT TIME ZONE 'UTC', 'DD.US'),"
            + " closed_at IS NOT NULL) FROM spendwatch.account_versions ORDER BY user_id, as_of, balance_version";
    assertThat(column(fresh, versions))
        .containsExactly(
            "back 1 1 02.000000 f",
            "back 2 2 02.000000 f",
            "back 3 3 03.000000 f",
            "gone 1 6 01.000000 t",
            "same 1 7 01.000000 f",
            "same 2 8 01.000000 f");
    assertThat(
            column(
                fresh,
                "SELECT concat_ws(' ', user_id, balance_version, last_version, balance_minor, to_char(as_of AT TIME ZONE 'UTC', 'DD'))"
                    + " FROM spendwatch.accounts ORDER BY user_id"))
        .containsExactly("back 3 3 3 03", "same 2 2 8 01");
    execute(
        fresh,
        "SELECT spendwatch.apply_balances('{1}', '{back}', '{n}', '{USD}', '{9}', '{2024-01-01Z}')");
    assertThat(column(fresh, versions)).contains("back 4 9 01.000000 f");
  }

  @Test
  void yearsOfDaysAreFewPartitions(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_years");
    new Schema(fresh).migrate(Instant.now());
    execute(fresh, "UPDATE spendwatch.settings SET partitions_per_minute = 1000");
    integer(
        fresh,
        "SELECT spendwatch.ensure_partitions(array_agg(now() - day * interval '1 day')) FROM generate_series(0, 3000) AS day");
    assertThat(integer(fresh, "SELECT count(*)::int FROM (" + PARTITIONS + ") AS p"))
        .isBetween(30 + 97, 75 + 100);
    assertThat(
            column(
                fresh,
                "SELECT spendwatch.partition_state(spendwatch.partition_name(now() - interval '34 days', 'day'))"))
        .containsExactly("attached");
    assertThat(
            column(
                fresh,
                "SELECT spendwatch.partition_state(spendwatch.partition_name(now() - interval '67 days', 'month'))"))
        .containsExactly("attached");
    // Whatever is asked for has one.
    assertThat(
            integer(
                fresh,
                "SELECT spendwatch.ensure_partitions(array_agg(now() - day * interval '1 day')) FROM generate_series(0, 3000) AS day"))
        .isZero();
  }

  @Test
  void noProducerMakesMorePartitionsOfThePastThanTheBoundAllowsWithinAMinute(TestBed bed)
      throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_bound");
    new Schema(fresh).migrate(Instant.now());
    execute(fresh, "UPDATE spendwatch.settings SET partitions_per_minute = 20");
    int before = integer(fresh, "SELECT count(*)::int FROM (" + PARTITIONS + ") AS p");
    String decades =
        "SELECT spendwatch.ensure_partitions(array_agg(day)) FROM generate_series('1990-01-01Z', '2006-12-31Z', interval '1 month') AS day";
    assertThat(integer(fresh, decades)).isEqualTo(20);
    // What is beyond it waits, with words that say for what; nothing of the data is to blame.
    assertThatThrownBy(() -> integer(fresh, decades))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("53400"))
        .hasMessageContaining("20 partitions of the past", "settings.partitions_per_minute");
    // What is of now does not.
    assertThat(
            integer(
                fresh,
                "SELECT spendwatch.ensure_partitions('{1990-01-01Z}'::timestamptz[] || now() || now() + interval '20 days')"))
        .isOne();
    execute(fresh, "UPDATE spendwatch.partitions_made SET made_at = made_at - interval '1 minute'");
    assertThat(integer(fresh, decades)).isEqualTo(20);
    assertThat(integer(fresh, "SELECT count(*)::int FROM (" + PARTITIONS + ") AS p"))
        .isEqualTo(before + 41);
  }

  @Test
  void makesThePartitionsOfTodayAndTheDaysToCome(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_days_ahead");
    new Schema(fresh).migrate(NOW);
    assertThat(column(fresh, PARTITIONS))
        .containsExactly(
            "transactions_20300227",
            "transactions_20300228",
            "transactions_20300301",
            "transactions_20300302",
            "transactions_20300303",
            "transactions_20300304",
            "transactions_20300305",
            "transactions_20300306");
    assertThat(new Schema(fresh).ensurePartitions(NOW)).isZero();
    assertThat(new Schema(fresh).ensurePartitions(NOW.plusSeconds(1800))).isOne();
  }

  @Test
  void makesEachPartitionOnceWhenManyAskAtOnce(TestBed bed) throws Exception {
    daily(bed);
    String days =
        "SELECT array_agg(d) FROM generate_series('2001-01-01Z'::timestamptz, '2001-01-20Z', '1 day') d";
    List<Integer> made =
        atOnce(
            4,
            () -> integer(bed.database(), "SELECT spendwatch.ensure_partitions((" + days + "))"));
    assertThat(made.stream().mapToInt(Integer::intValue).sum()).isEqualTo(20);
  }

  /** Which sees the state from before the other one, and must not take it for the present. */
  @Test
  void findsWhatAnotherSessionHasMadeWhileItsOwnTransactionSeesThePast(TestBed bed)
      throws Exception {
    daily(bed);
    String make = "SELECT spendwatch.ensure_partitions('{2001-03-01Z}')";
    try (Connection first = bed.database().connect("test");
        Connection second = bed.database().connect("test-of-the-past");
        Statement making = first.createStatement();
        Statement waiting = second.createStatement();
        ExecutorService pool = Executors.newSingleThreadExecutor()) {
      first.setAutoCommit(false);
      making.execute(make);
      second.setAutoCommit(false);
      second.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      waiting.execute("SELECT count(*) FROM spendwatch.transactions");
      Future<Integer> made =
          pool.submit(
              () -> {
                try (ResultSet rows = waiting.executeQuery(make)) {
                  rows.next();
                  return rows.getInt(1);
                }
              });
      await()
          .atMost(Duration.ofSeconds(20))
          .until(
              () ->
                  integer(
                          bed.database(),
                          "SELECT count(*) FROM pg_stat_activity"
                              + " WHERE application_name = 'test-of-the-past' AND wait_event_type = 'Lock'")
                      == 1);
      first.commit();
      assertThat(made.get(20, TimeUnit.SECONDS)).isZero();
      waiting.execute(insert("2001-03-01T00:00:00Z"));
      second.commit();
    }
  }

  @Test
  void makesPartitionsBesideATransactionThatHasInserted(TestBed bed) throws Exception {
    daily(bed);
    try (Connection writer = bed.database().connect("test");
        Statement statement = writer.createStatement()) {
      integer(bed.database(), "SELECT spendwatch.ensure_partitions('{2002-05-01Z}')");
      writer.setAutoCommit(false);
      statement.execute(insert("2002-05-01T00:00:00Z"));
      assertThat(integer(bed.database(), "SELECT spendwatch.ensure_partitions('{2002-05-02Z}')"))
          .isOne();
      statement.execute(insert("2002-05-02T23:59:59.999Z"));
      writer.commit();
    }
    assertThat(
            column(
                bed.database(),
                "SELECT relname FROM spendwatch.transactions t JOIN pg_class c ON c.oid = t.tableoid"
                    + " WHERE event_time < '2003-01-01Z' ORDER BY event_time"))
        .containsExactly("transactions_20020501", "transactions_20020502");
  }

  @Test
  void daysAreThoseOfUtcWhateverTheSessionsTimeZone(TestBed bed) throws Exception {
    daily(bed);
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("SET timezone = 'Asia/Tokyo'");
      statement.execute("SELECT spendwatch.ensure_partitions('{2003-06-01T23:30:00Z}')");
    }
    assertThat(column(bed.database(), PARTITIONS)).contains("transactions_20030601");
  }

  @Test
  void goesOnInDaysInAMonthThatHasBegunInDays(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_months");
    new Schema(fresh).migrate(NOW);
    execute(fresh, "UPDATE spendwatch.settings SET partition_granularity = 'month'");
    integer(fresh, "SELECT spendwatch.ensure_partitions('{2030-02-01Z,2030-05-31Z,2030-05-01Z}')");
    assertThat(column(fresh, PARTITIONS))
        .contains("transactions_20300201", "transactions_203005")
        .doesNotContain("transactions_203002", "transactions_20300501");
    execute(fresh, insert("2030-05-31T23:59:59.999Z"));
  }

  @Test
  void showsMoneyWithAsManyDecimalsAsTheCurrencyHas(TestBed bed) throws Exception {
    Map<String, Integer> expected =
        Money.currencies().stream().collect(toMap(code -> code, Money::fractionDigits));
    Map<String, Integer> shown = new HashMap<>();
    for (String code : expected.keySet()) {
      shown.put(
          code, integer(bed.database(), "SELECT spendwatch.currency_decimals('" + code + "')"));
    }
    assertThat(shown).isEqualTo(expected);
    assertThat(
            column(
                bed.database(),
                "SELECT spendwatch.to_decimal(-5, 'USD')::text || ' ' || spendwatch.to_decimal(7, 'JPY')"
                    + " || ' ' || spendwatch.to_decimal(9223372036854775807, 'KWD')"))
        .containsExactly("-0.05 7 9223372036854775.807");
  }

  @Test
  void refusesADatabaseThatCannotHoldEveryId(TestBed bed) throws Exception {
    for (String encoding : List.of("SQL_ASCII", "LATIN1")) {
      String name = "schema_" + encoding.toLowerCase(Locale.ROOT);
      execute(
          bed.database(),
          "CREATE DATABASE " + name + " ENCODING '" + encoding + "' LOCALE 'C' TEMPLATE template0");
      PostgresAddress other = address(bed, name);

      assertThatThrownBy(() -> new Schema(other).migrate(NOW))
          .isInstanceOf(OperatorException.class)
          .hasMessageContainingAll(
              name + " has the encoding " + encoding, "UTF8", "CREATE DATABASE")
          .message()
          .doesNotContain("\n");
      assertThat(column(other, "SELECT nspname FROM pg_namespace WHERE nspname = 'spendwatch'"))
          .isEmpty();
    }
  }

  @Test
  void leavesNoFunctionToTheCallersSearchPath(TestBed bed) throws Exception {
    assertThat(
            column(
                bed.database(),
                """
                SELECT proname FROM pg_proc
                 WHERE pronamespace = 'spendwatch'::regnamespace AND prosqlbody IS NULL
                   AND NOT EXISTS (SELECT FROM unnest(proconfig) AS s WHERE s LIKE 'search@_path=pg@_catalog%' ESCAPE '@')
                """))
        .isEmpty();
  }

  @Test
  void refusesWhatNobodyCouldReadAndKeepsWhatIsThere(TestBed bed) throws Exception {
    PostgresAddress fresh = freshDatabase(bed, "schema_unreadable");
    var _ =
        Flyway.configure()
            .dataSource(fresh.jdbcUrl(), fresh.user(), fresh.password())
            .defaultSchema("spendwatch")
            .target("0031")
            .load()
            .migrate();
    String account =
        "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of) VALUES ";
    execute(fresh, account + "('old', 'zz', 1, 'infinity')");

    new Schema(fresh).migrate(NOW);

    assertThat(column(fresh, "SELECT currency FROM spendwatch.accounts WHERE user_id = 'old'"))
        .containsExactly("zz ");
    execute(fresh, account + "('new', 'USD', 1, '9999-12-31 23:59:59Z')");
    for (String refused :
        List.of(
            account + "('', 'USD', 1, now())",
            account + "(repeat('x', 65), 'USD', 1, now())",
            account + "('u', 'usd', 1, now())",
            account + "('u', 'US', 1, now())",
            account + "('u', 'USD', 1, 'infinity')",
            account + "('u', 'USD', 1, '-infinity')",
            account + "('u', 'USD', 1, '10000-01-01Z')",
            insert("2030-02-28T00:00:00Z").replace("'PURCHASE', 1,", "'REFUND', 0,"),
            "INSERT INTO spendwatch.progress (kafka_partition, epoch, write_no, alert_seq, published_alert_seq, stream_time)"
                + " VALUES (0, 1, 1, 0, 0, 'infinity')",
            "INSERT INTO spendwatch.nodes VALUES ('n', 'a', '', 1, now(), now())",
            "INSERT INTO spendwatch.nodes VALUES ('n', 'a', 'h', 0, now(), now())")) {
      assertThatThrownBy(() -> execute(fresh, refused))
          .as(refused)
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23514"));
    }
  }

  private static void daily(TestBed bed) throws SQLException {
    execute(bed.database(), "UPDATE spendwatch.settings SET partition_granularity = 'day'");
  }

  private static final String PARTITIONS =
      "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid"
          + " WHERE inhparent = 'spendwatch.transactions'::regclass ORDER BY 1";

  private static String insert(String eventTime) {
    return "INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,"
        + " exposure_minor, verdict, kafka_partition, kafka_offset, ingested_at) VALUES ('u', '"
        + eventTime
        + "', 't', 'PURCHASE', 1, 'USD', 1, 'NO_ACCOUNT', 0, 0, now())";
  }

  private static PostgresAddress freshDatabase(TestBed bed, String name) throws SQLException {
    execute(bed.database(), "CREATE DATABASE " + name);
    return address(bed, name);
  }

  private static PostgresAddress address(TestBed bed, String name) {
    PostgresAddress bedded = bed.database();
    return new PostgresAddress(
        bedded.hosts(), name, bedded.parameters(), bedded.user(), bedded.password());
  }

  private static <T> List<T> atOnce(int callers, Callable<T> call) throws Exception {
    try (ExecutorService pool = Executors.newFixedThreadPool(callers)) {
      List<T> results = new ArrayList<>();
      for (Future<T> result : pool.invokeAll(java.util.Collections.nCopies(callers, call))) {
        results.add(result.get());
      }
      return results;
    }
  }

  private static void execute(PostgresAddress address, String sql) throws SQLException {
    try (Connection connection = address.connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static int integer(PostgresAddress address, String sql) throws SQLException {
    return Integer.parseInt(column(address, sql).getFirst());
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
