package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;
import static io.spendwatch.ops.archive.ArchiveBed.NEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchiveTable.Loaded;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import io.spendwatch.ops.rounds.ArchiveWriter.Load;
import io.spendwatch.ops.rounds.Round;
import io.spendwatch.ops.rounds.RoundStep;
import io.spendwatch.ops.status.RoundsStatus.State;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.database.Database;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What a warehouse has is what the archive has, whatever happens on the way. */
@ExtendWith(ArchiveBed.Shared.class)
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WarehouseIT {
  private static final String GONE = "it's a \\ user";
  private static final String QUOTED = "it''s a \\ user";

  private ArchiveBed bed;
  private Database database;
  private String uri;
  private PostgresAddress warehouse;

  @TempDir private Path root;

  @BeforeAll
  void start(ArchiveBed shared) throws SQLException {
    bed = shared;
    database = bed.operational();
    uri = bed.madeDatabase("warehouse");
    warehouse = PostgresAddress.parse(uri, "", "");
  }

  @AfterAll
  void stop() {
    bed.close(database);
  }

  @BeforeEach
  void empty() throws SQLException {
    bed.empty();
    bed.useWarehouse(uri);
    execute("DROP SCHEMA IF EXISTS spendwatch_archive CASCADE");
  }

  @Test
  void hasWhatTheArchiveHasAndGetsWhatIsMissing() throws Exception {
    bed.write(DAY, 30);
    bed.write(NEXT, 5);
    try (Archive archive = bed.archive(root)) {
      ArchiveBed.run(archive, false, _ -> {});
      assertThat(archive.unloaded()).as("nobody has read it once more").isEmpty();
      archive.unverified().forEach(day -> assertThat(archive.verifyFiles(day)).isEmpty());
      assertThat(archive.unloaded()).containsExactly(DAY, NEXT);
    }
    assertThat(load())
        .extracting(Load::day, Load::written, Load::removed)
        .containsExactly(
            // 20 alerts and 2 versions each day, and the accounts at the end of the last one.
            tuple(DAY, 52L, 0L), tuple(NEXT, 30L, 0L));
    requireEqual(DAY, NEXT);
    assertThat(load()).as("nothing is missing").isEmpty();

    assertThat(bed.drop(DAY)).isTrue();
    bed.insert(NEXT + "T05:06:07.123456Z", 17, "late");
    archiveAndVerify();
    assertThat(load())
        .extracting(Load::day, Load::revision, Load::written, Load::removed)
        .containsExactly(tuple(NEXT, 1, 1L, 0L));
    requireEqual(NEXT);
    assertThat(column("SELECT count(*) FROM spendwatch_archive.transactions"))
        .as("what has left the database is there")
        .containsExactly("36");
  }

  /** At each statement that writes, and at the end of the transaction. */
  @Test
  void aLoadThatDiesIsDoneAgainAndNothingIsThereTwice() throws Exception {
    bed.write(DAY, 8);
    archiveAndVerify();
    var _ = load();
    execute(
        "CREATE SEQUENCE public.written",
        "CREATE TABLE public.deadly (call bigint)",
        "CREATE FUNCTION public.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            + " IF nextval('public.written') = (SELECT call FROM public.deadly) THEN"
            + " PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$");
    for (String table : tables()) {
      execute(
          "CREATE TRIGGER die AFTER INSERT OR UPDATE OR DELETE ON "
              + table
              + " FOR EACH STATEMENT EXECUTE FUNCTION public.die()");
    }
    // Just before the transaction is over.
    execute(
        "CREATE CONSTRAINT TRIGGER die_last AFTER UPDATE ON spendwatch_archive.loaded_days"
            + " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.die()");
    int call = 1;
    for (; ; call++) {
      execute(
          "TRUNCATE " + String.join(", ", tables()),
          "ALTER SEQUENCE public.written RESTART",
          "TRUNCATE public.deadly",
          "INSERT INTO public.deadly VALUES (" + call + ")");
      try {
        assertThat(load()).hasSize(1);
        break;
      } catch (OperatorException e) {
        assertThat(e).hasMessageContaining("the warehouse at 127.0.0.1");
      }
      assertThat(
              column(
                  tables().stream()
                      .map(table -> "SELECT '" + table + "' FROM " + table)
                      .collect(Collectors.joining(" UNION "))))
          .as("tables with rows")
          .isEmpty();
      execute("TRUNCATE public.deadly");
      assertThat(load()).hasSize(1);
      requireEqual(DAY);
    }
    assertThat(call).as("it has died at each of them").isGreaterThan(6);
    requireEqual(DAY);
    execute("DROP FUNCTION public.die CASCADE", "DROP SEQUENCE public.written");
  }

  @Test
  void twoAtOnceLoadEachRowOnce() throws Exception {
    bed.write(DAY, 30);
    bed.write(NEXT, 30);
    archiveAndVerify();
    CompletableFuture<List<Load>> other = CompletableFuture.supplyAsync(this::load);
    List<Load> all = new ArrayList<>(load());
    all.addAll(other.get(60, TimeUnit.SECONDS));
    requireEqual(DAY, NEXT);
    assertThat(all.stream().mapToLong(load -> load.written() + load.removed()).sum())
        .isEqualTo(52 + 55);
  }

  @Test
  void whoIsErasedFromTheArchiveIsErasedThere() throws Exception {
    bed.write(DAY, 30);
    bed.write(NEXT, 20);
    bed.writeUser(QUOTED, DAY);
    bed.writeUser(QUOTED, NEXT);
    archiveAndVerify();
    var _ = load();
    assertThat(namesOf(GONE)).isNotEmpty();
    assertThat(bed.drop(DAY)).isTrue();
    bed.eraseFromTables(QUOTED, "erased-1");
    try (Archive archive = bed.archive(root)) {
      archive.lock();
      assertThat(archive.erase(GONE, "erased-1")).extracting(DayRows::day).contains(DAY, NEXT);
    }
    bed.sql("UPDATE spendwatch.erasures SET user_id = NULL");
    assertThat(load()).as("what was written anew is read once more, first").isEmpty();
    archiveAndVerify();
    assertThat(load())
        .extracting(Load::day, Load::revision, Load::written, Load::removed)
        .containsExactly(
            // Three transactions and a version with another key, and an alert with the same.
            tuple(DAY, 1, 5L, 4L),
            // And the account.
            tuple(NEXT, 1, 6L, 5L));
    assertThat(namesOf(GONE)).isEmpty();
    assertThat(namesOf("erased-1")).hasSize(11);
    requireEqual(NEXT);
  }

  @Test
  void aDayThatWasArchivedAnewIsLoadedAnew() throws Exception {
    bed.write(DAY, 10);
    archiveAndVerify();
    var _ = load();
    // As the message of a changed row says: the day is removed from the archive.
    bed.sql(
        "DELETE FROM spendwatch.archived_days",
        "DELETE FROM spendwatch.transactions WHERE event_time = '2026-03-10T00:00:00Z'",
        "UPDATE spendwatch.transactions SET amount_minor = 5 WHERE event_time = '2026-03-10T23:59:59.999999Z'");
    Files.delete(root.resolve(Manifest.name(DAY)));
    archiveAndVerify();
    assertThat(load())
        .extracting(Load::revision, Load::written, Load::removed)
        .containsExactly(tuple(0, 1L, 1L));
    requireEqual(DAY);
  }

  @Test
  void whatSomebodyHasRemovedThereComesBackWithTheDay() throws Exception {
    bed.write(DAY, 10);
    archiveAndVerify();
    var _ = load();
    execute("DELETE FROM spendwatch_archive.alerts WHERE alert_id > 'a'");
    bed.insert(DAY + "T05:06:07Z", 17, "late");
    archiveAndVerify();
    assertThat(load()).extracting(Load::written).containsExactly(21L);
    requireEqual(DAY);
  }

  @Test
  void daysOfAnotherArchiveAreRefused() throws Exception {
    bed.write(DAY, 5);
    archiveAndVerify();
    var _ = load();
    execute("UPDATE spendwatch_archive.loaded_days SET archive = 's3://other/place'");
    assertThatThrownBy(this::load)
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("has days of the archive at s3://other/place")
        .hasMessageContaining("SPENDWATCH_ARCHIVE_WAREHOUSE_SCHEMA");
  }

  @Test
  void aRoundLoadsWhatItHasVerifiedAndDropsNothingBefore() throws Exception {
    bed.write(DAY, 5);
    bed.useWarehouse(uri.replaceFirst("/[^/]*$", "/no_such"));
    Round.Ending ending = round();
    assertThat(ending)
        .returns(RoundStep.LOAD, Round.Ending::step)
        .returns(State.FAILED, Round.Ending::state);
    assertThat(ending.reason()).contains("the warehouse at 127.0.0.1", "no_such");
    assertThat(reason("RETENTION")).isEqualTo("for load");
    assertThat(bed.transactions(DAY)).hasSize(5);
    bed.useWarehouse(uri);
    assertThat(round().isComplete()).isTrue();
    assertThat(reason("LOAD")).isEqualTo("1 day, which changed 29 rows of the warehouse");
    assertThat(reason("RETENTION")).isEqualTo("1 partition was dropped");
    assertThat(column("SELECT count(*) FROM spendwatch_archive.transactions")).containsExactly("5");
    assertThat(round().isComplete()).isTrue();
    assertThat(reason("LOAD")).isEqualTo("nothing to load");
  }

  @Test
  void theCommandSaysWhatItHasDone() throws Exception {
    bed.write(DAY, 5);
    archiveAndVerify();
    bed.sql("UPDATE spendwatch.archived_days SET verified_revision = NULL");
    assertThat(command(1))
        .containsExactly(DAY + "  waits: to be verified (`spendwatch archive run`)");
    archiveAndVerify();
    assertThat(command(0))
        .singleElement()
        .asString()
        .startsWith(DAY + "  loaded  29 rows written, 0 removed; ");
    assertThat(command(0)).containsExactly("nothing to load");
    requireEqual(DAY);
  }

  /** As they were known that day; where they are not stored any longer, by the same function. */
  @Test
  void whatWasUsualGoesWithItsDayAndNothingLater() throws Exception {
    bed.sql(
        "INSERT INTO spendwatch.daily_users (day, user_id, currency, transactions, purchases_minor, refunds_minor,"
            + " exposure_max_minor, excess_max_minor) VALUES ('2026-03-09', 'u-1', 'USD', 2, 3000, 0, 0, 0),"
            + " ('2026-03-10', 'u-1', 'USD', 1, 6000, 600, 0, 0), ('2026-03-11', 'u-1', 'USD', 1, 999999, 0, 0, 0)",
        "INSERT INTO spendwatch.daily_habits (day, user_id, currency, merchant, hours, transactions) VALUES"
            + " ('2026-03-09', 'u-1', 'USD', 'a \"shop\"', (1 << 9) | (1 << 10), 2),"
            + " ('2026-03-10', 'u-1', 'USD', '', 1 << 9, 1)",
        "UPDATE spendwatch.daily_habits_position SET day = '2026-03-12'",
        "INSERT INTO spendwatch.user_features SELECT user_id, currency, '2026-03-10', '2026-03-10T01:00:00Z', 7, days_active,"
            + " daily_spend_avg_minor, 1e30, refund_share, usual_hours, merchants, usual_merchants"
            + " FROM spendwatch.user_features_at('2026-03-10')",
        "INSERT INTO spendwatch.user_features_versions VALUES ('2026-03-10', '2026-03-10T01:00:00Z', NULL)");
    bed.write(DAY, 5);
    bed.write(NEXT, 5);
    archiveAndVerify();
    assertThat(bed.drop(DAY)).isTrue();
    var _ = load();
    assertThat(
            column(
                "SELECT concat_ws(' ', day, user_id, currency, transactions, days_active, daily_spend_avg_minor,"
                    + " coalesce(daily_spend_p90_minor::text, '-'), coalesce(refund_share::text, '-'), usual_hours,"
                    + " merchants, usual_merchants) FROM spendwatch_archive.features ORDER BY day"))
        .containsExactly(
            "2026-03-10 u-1 USD 7 1 100 - 0 [9,10] 1 [\"a \\\"shop\\\"\"]",
            "2026-03-11 u-1 USD 3 2 280 0 0.0667 [9,10] 1 [\"a \\\"shop\\\"\"]");
    assertThat(
            column(
                "SELECT computed_at = '2026-03-10T01:00:00Z' FROM spendwatch_archive.features ORDER BY day"))
        .containsExactly("t", "f");
  }

  private void archiveAndVerify() {
    try (Archive archive = bed.archive(root)) {
      ArchiveBed.run(archive, false, _ -> {});
      archive.unverified().forEach(day -> assertThat(archive.verifyFiles(day)).isEmpty());
    }
  }

  private List<Load> load() {
    try (Archive archive = bed.archive(root)) {
      return archive.unloaded().stream().map(archive::load).toList();
    }
  }

  private Round.Ending round() {
    return bed.rounds("a", database, root, new FileStore(root), Duration.ofMinutes(10), bed::audit)
        .run(Optional.empty(), () -> true)
        .orElseThrow();
  }

  private String reason(String step) {
    return bed.roundsStatus().steps().stream()
        .filter(each -> each.step().equals(step))
        .findFirst()
        .orElseThrow()
        .reason();
  }

  private List<String> command(int status) {
    System.setProperty("spendwatch.archive.uri", "file://" + root);
    System.setProperty("spendwatch.archive.warehouse.uri", uri);
    System.setProperty("spendwatch.postgres.uri", bed.uri());
    ConfigFactory.invalidateCaches();
    try {
      var out = new StringWriter();
      CommandLine commandLine = Spendwatch.commandLine(ArchiveCommand.commands());
      commandLine.setOut(new PrintWriter(out, true));
      assertThat(commandLine.execute("archive", "load")).isEqualTo(status);
      return out.toString().lines().toList();
    } finally {
      System.clearProperty("spendwatch.archive.uri");
      System.clearProperty("spendwatch.archive.warehouse.uri");
      System.clearProperty("spendwatch.postgres.uri");
      ConfigFactory.invalidateCaches();
    }
  }

  /** All columns of what the tables have of these days, and of the accounts at the last one. */
  private void requireEqual(LocalDate... days) throws SQLException {
    for (ArchiveTable table : ArchiveTable.values()) {
      if (table.loaded() == Loaded.BY_DAY) {
        for (LocalDate day : days) {
          assertThat(column(rows(table) + loaded(table) + " WHERE day = '" + day + "' ORDER BY 1"))
              .as("%s of %s", table, day)
              .isEqualTo(bed.column(rows(table) + source(table, day) + " ORDER BY 1"));
        }
      } else if (table.loaded() == Loaded.NEWEST) {
        assertThat(column(rows(table) + loaded(table) + " ORDER BY 1"))
            .isEqualTo(
                bed.column(rows(table) + source(table, days[days.length - 1]) + " ORDER BY 1"));
      }
    }
  }

  private static String rows(ArchiveTable table) {
    return table.columns().stream()
        .map(column -> "coalesce(t." + column.name() + "::text, '∅')")
        .collect(Collectors.joining(", ", "SELECT (concat_ws('|', ", ")) COLLATE \"C\" FROM "));
  }

  private static String loaded(ArchiveTable table) {
    return "spendwatch_archive." + table.word() + " AS t";
  }

  private static String source(ArchiveTable table, LocalDate day) {
    Instant begin = day.atStartOfDay(ZoneOffset.UTC).toInstant();
    return "(" + table.select(begin, begin.plus(Duration.ofDays(1))) + ") AS t";
  }

  private static List<String> tables() {
    return Stream.concat(
            Arrays.stream(ArchiveTable.values())
                .filter(table -> table.loaded() != Loaded.NEVER)
                .map(ArchiveTable::word),
            Stream.of("loaded_days"))
        .map(table -> "spendwatch_archive." + table)
        .toList();
  }

  private List<String> namesOf(String userId) throws SQLException {
    List<String> rows = new ArrayList<>();
    for (String table : tables()) {
      if (!table.endsWith("loaded_days")) {
        rows.addAll(
            column(
                "SELECT t::text FROM "
                    + table
                    + " AS t WHERE user_id = '"
                    + userId.replace("'", "''")
                    + "'"));
      }
    }
    return rows;
  }

  private void execute(String... statements) throws SQLException {
    try (Connection connection = warehouse.connect("test");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        boolean _ = statement.execute(sql);
      }
    }
  }

  private List<String> column(String sql) throws SQLException {
    List<String> values = new ArrayList<>();
    try (Connection connection = warehouse.connect("test");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        values.add(rows.getString(1));
      }
    }
    return values;
  }
}
