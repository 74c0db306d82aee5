package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.analysis.FreeQueries.Question;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.answer.AnswerText;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.storage.rollups.Rollups;
import io.spendwatch.ops.storage.rollups.WrittenRows;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.SqlText;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Reports say what the rows say, and free queries can neither write nor take too much. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AnalysisIT {
  private static final ArchiveAccess NO_ARCHIVE = new ArchiveAccess.Absent("there is none");
  private static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant TO = Instant.parse("2026-12-31T00:00:00Z");

  /**
   * Of the months before, at their ends too. They are in no note: all roll-ups are built of them.
   */
  private static final String OLDER_ROWS =
      """
      SELECT spendwatch.ensure_partitions('{2026-01-01Z,2026-01-15Z,2026-01-31Z,2026-02-01Z,2026-02-28Z,2026-03-01Z,2026-03-02Z}');
      INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency, merchant, exposure_minor,
             balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
      SELECT 'u0' || n % 7, day + at, 'older-' || day::date || '-' || n, CASE n % 4 WHEN 0 THEN 'REFUND' ELSE 'PURCHASE' END, 100 + n * n % 37,
             CASE n % 5 WHEN 0 THEN 'JPY' ELSE 'USD' END, CASE n % 3 WHEN 0 THEN NULL ELSE 'm' || n % 3 END, n * 13 % 90, 50, 1,
             CASE n % 6 WHEN 0 THEN 'BREACH' ELSE 'CLEAR' END, 0, 1000000 + row_number() OVER (), now()
        FROM unnest('{2026-01-01Z,2026-01-15Z,2026-01-31Z,2026-02-01Z,2026-02-28Z,2026-03-01Z,2026-03-02Z}'::timestamptz[]) AS day
       CROSS JOIN unnest('{00:00,00:59:59.999999,12:30,23:00,23:59:59.999999}'::interval[]) WITH ORDINALITY AS each (at, n_at)
       CROSS JOIN LATERAL (SELECT n_at * 31 + extract(doy FROM day)::integer AS n) AS numbered;
      UPDATE spendwatch.rollups SET built = false;
      """;

  /** What reports read of, straight from the rows: each of them a row of its own. */
  private static final String BY_ROWS =
      """
      DROP SCHEMA IF EXISTS by_rows CASCADE;
      CREATE SCHEMA by_rows;
      CREATE VIEW by_rows.part AS
      SELECT date_trunc('hour', event_time, 'UTC') AS hour, (event_time AT TIME ZONE 'UTC')::date AS day,
             date_trunc('month', event_time AT TIME ZONE 'UTC')::date AS month, coalesce(merchant, '')::varchar(256) AS merchant, user_id, currency,
             1::bigint AS transactions, CASE kind WHEN 'PURCHASE' THEN amount_minor ELSE 0 END::numeric AS purchases_minor,
             CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END::numeric AS refunds_minor, (verdict = 'BREACH')::integer::bigint AS breaches,
             exposure_minor AS exposure_max_minor, greatest(exposure_minor::numeric - balance_minor, 0) AS excess_max_minor
        FROM spendwatch.transactions;
      CREATE FUNCTION by_rows.spend_between(timestamptz, timestamptz) RETURNS SETOF spendwatch.daily_spend LANGUAGE sql STABLE AS $$
        SELECT day, merchant, currency, transactions, purchases_minor, refunds_minor, breaches FROM by_rows.part WHERE hour >= $1 AND hour < $2
      $$;
      CREATE FUNCTION by_rows.users_between(date, date) RETURNS SETOF spendwatch.monthly_users LANGUAGE sql STABLE AS $$
        SELECT month, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor, day, day
          FROM by_rows.part WHERE day >= $1 AND day < $2
      $$;
      CREATE FUNCTION by_rows.user_totals_between(date, date) RETURNS SETOF spendwatch.user_total LANGUAGE sql STABLE AS $$
        SELECT user_id, currency, transactions, purchases_minor, refunds_minor, day FROM by_rows.part WHERE day >= $1 AND day < $2
      $$;
      CREATE VIEW by_rows.monthly_users AS SELECT month, user_id, day AS first_day FROM by_rows.part;
      CREATE VIEW by_rows.daily_users AS SELECT day, user_id FROM by_rows.part;
      """;

  /** As reports name what {@link #BY_ROWS} has. */
  private static final Pattern NAMED =
      Pattern.compile(
          "spendwatch\\.(spend_between|users_between|user_totals_between|monthly_users|daily_users)\\b");

  private NodeSettings settings;
  private Configuration configuration;
  private Database writer;
  private Database database;
  private Connection connection;
  private Rollups rollups;
  private WrittenRows rows;

  @BeforeAll
  void write(TestBed bed) throws SQLException {
    settings = NodeSettings.of(bed);
    configuration = Configuration.load();
    writer = Database.open(configuration.rollups().postgres());
    database = Database.open(configuration.analytics());
    connection = bed.database().connect("test");
    try (Statement sql = connection.createStatement()) {
      boolean _ =
          sql.execute(
              """
              INSERT INTO spendwatch.claims (kafka_partition, epoch, owner, claimed_at) SELECT p, 1, 'test', now() FROM generate_series(0, 2) AS p;
              SELECT spendwatch.ensure_partitions(array_agg(d)) FROM generate_series('2026-03-25Z'::timestamptz, '2026-04-12Z', '1 day') AS d;
              """);
    }
    rollups = new Rollups(writer, 500);
    rows = new WrittenRows(new Random(5), writer);
    for (int i = 0; i < 60; i++) {
      int _ = rows.write();
    }
    execute(OLDER_ROWS);
    assertThat(rollups.keep(() -> true).isAll()).isTrue();
    execute(BY_ROWS);
  }

  @AfterAll
  void close() throws SQLException {
    execute("DROP SCHEMA IF EXISTS by_rows CASCADE");
    connection.close();
    var _ = database.close().toCompletableFuture().join();
    var _ = writer.close().toCompletableFuture().join();
    settings.close();
  }

  static Stream<ReportQuestion> questions() {
    return Arrays.stream(Report.values())
        .flatMap(
            report ->
                (report.words().isEmpty() ? List.of("") : report.words())
                    .stream()
                        .map(
                            word ->
                                new ReportQuestion(
                                    report, null, null, word.isEmpty() ? null : word, 20)));
  }

  @ParameterizedTest
  @MethodSource("questions")
  void eachReportIsAnsweredByEachOfItsWords(ReportQuestion question) {
    AnalysisAnswer answer = answer(question);
    assertThat(answer.rows()).isNotEmpty().allMatch(row -> row.size() == answer.columns().size());
    assertThat(answer.source()).isEqualTo("rollup");
    assertThat(answer.rowsRead()).isPositive();
    assertThat(answer.asOf()).isBeforeOrEqualTo(Instant.now().plusSeconds(5));
    assertThat(AnswerText.table(answer).lines()).allMatch(line -> line.length() <= 100);
  }

  @Test
  void theSumsAreThoseOfTheRows() throws SQLException {
    AnalysisAnswer days =
        answer(new ReportQuestion(Report.DAILY_SPEND, FROM, TO, "total", Report.LIMIT_MAX));
    int net = days.columns().indexOf("net");
    int currency = days.columns().indexOf("currency");
    BigDecimal sum =
        days.rows().stream()
            .filter(row -> row.get(currency).equals("USD"))
            .map(row -> new BigDecimal((String) row.get(net)))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(sum)
        .isEqualByComparingTo(
            text(
                "SELECT sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) * 0.01"
                    + " FROM spendwatch.transactions WHERE currency = 'USD'"));
    AnalysisAnswer hours =
        answer(new ReportQuestion(Report.ALERTS_BY_HOUR, FROM, TO, null, Report.LIMIT_MAX));
    assertThat(hours.rows().stream().mapToLong(row -> (Long) row.get(1) + (Long) row.get(2)).sum())
        .isEqualTo(Long.parseLong(text("SELECT count(*) FROM spendwatch.alerts")));
    AnalysisAnswer rfm = answer(new ReportQuestion(Report.RFM, FROM, TO, null, 50));
    assertThat(rfm.rows().stream().mapToLong(row -> (Long) row.get(2)).sum())
        .isEqualTo(
            Long.parseLong(
                text(
                    "SELECT count(*) FROM (SELECT DISTINCT user_id, currency FROM spendwatch.transactions) AS u")));
  }

  @Test
  void anAnswerIsWhatTheRowsSayWhateverItsTimeBeginsAndEndsWith() throws SQLException {
    assertThat(text("SELECT count(*) FROM spendwatch.rollup_feed")).isEqualTo("0");
    long seed = Long.getLong("spendwatch.seed-of-ranges", 11);
    var random = new Random(seed);
    int answered = 0;
    for (int i = 0; i < 30; i++) {
      Instant from = moment(random);
      // Now and then nothing, one instant, or the wrong way round.
      Instant to =
          switch (random.nextInt(6)) {
            case 0 -> from;
            case 1 -> from.plusNanos(1000);
            case 2 -> from.plus(Duration.ofHours(random.nextInt(30)));
            default -> moment(random);
          };
      for (Report report : OVER_MONTHS) {
        for (String word : report.words().isEmpty() ? List.of("") : report.words()) {
          String sql = stated(report, from, to, word);
          String byRows = NAMED.matcher(sql).replaceAll("by_rows.$1");
          assertThat(byRows).isNotEqualTo(sql);
          String answer = text(sql);
          answered += answer == null ? 0 : 1;
          assertThat(answer)
              .as("seed %d: %s by '%s' of [%s, %s)", seed, report, word, from, to)
              .isEqualTo(text(byRows));
        }
      }
    }
    assertThat(answered).isGreaterThan(100);
  }

  @Test
  void whatIsBetweenTwoMomentsIsOfEachUserAndMerchantWhatTheirRowsAddUpTo() throws SQLException {
    assertThat(text("SELECT count(*) FROM spendwatch.rollup_feed")).isEqualTo("0");
    long seed = Long.getLong("spendwatch.seed-of-ranges", 13);
    var random = new Random(seed);
    int summed = 0;
    for (int i = 0; i < 100; i++) {
      Instant from = moment(random);
      Instant to =
          switch (random.nextInt(5)) {
            case 0 -> from.plus(Duration.ofHours(random.nextInt(60)));
            // Behind all there is.
            case 1 -> Instant.now().plus(Duration.ofHours(random.nextInt(30)));
            default -> moment(random);
          };
      for (String sums : SUMS) {
        String sql =
            sums.replace("$1", "'" + from + "'::timestamptz")
                .replace("$2", "'" + to + "'::timestamptz");
        String kept = text(sql);
        summed += kept == null ? 0 : 1;
        assertThat(kept)
            .as("seed %d: [%s, %s) by %s", seed, from, to, sums)
            .isEqualTo(text(NAMED.matcher(sql).replaceAll("by_rows.$1")));
        // Else a part of the time is read through a function, and all of it.
        assertThat(text("EXPLAIN (FORMAT JSON) " + sql)).doesNotContain("Function Scan");
      }
    }
    assertThat(summed).isGreaterThan(100);
  }

  private static final List<String> SUMS =
      List.of(
          """
          SELECT string_agg(line::text, ' ' ORDER BY line)
            FROM (SELECT day, merchant, currency, sum(transactions), sum(purchases_minor), sum(refunds_minor), sum(breaches),
                         min(transactions) > 0
                    FROM spendwatch.spend_between($1, $2) GROUP BY 1, 2, 3) AS line
          """,
          """
          SELECT string_agg(line::text, ' ' ORDER BY line)
            FROM (SELECT user_id, currency, sum(transactions), sum(purchases_minor), sum(refunds_minor), max(last_day),
                         min(transactions) > 0
                    FROM spendwatch.user_totals_between(($1 AT TIME ZONE 'UTC')::date, ($2 AT TIME ZONE 'UTC')::date) GROUP BY 1, 2) AS line
          """);

  private static final List<Report> OVER_MONTHS =
      List.of(
          Report.DAILY_SPEND,
          Report.TOP_SPENDERS,
          Report.TOP_MERCHANTS,
          Report.RFM,
          Report.REFUND_RATE,
          Report.COHORTS);

  /** Its statement with everything in its place, each row of the answer a line. */
  private static String stated(Report report, Instant from, Instant to, String word) {
    String sql =
        SqlText.load(Reports.class, report.file())
            .replace("$1", "'" + from + "'::timestamptz")
            .replace("$2", "'" + to + "'::timestamptz")
            .replace("$3", "'" + word + "'")
            .replace("$4", "1000");
    return "SELECT string_agg(line::text, E'\\n') FROM (" + sql + ") AS line";
  }

  /** Of January to April, often where an hour, a day or a month begins, or just beside it. */
  private static Instant moment(Random random) {
    LocalDate day = LocalDate.parse("2025-12-30").plusDays(random.nextInt(110));
    if (random.nextInt(3) == 0) {
      day = day.withDayOfMonth(1);
    }
    Instant moment = day.atStartOfDay(ZoneOffset.UTC).toInstant();
    return switch (random.nextInt(5)) {
      case 0 -> moment;
      case 1 -> moment.plusNanos(1000);
      case 2 -> moment.minusNanos(1000);
      case 3 -> moment.plus(Duration.ofHours(random.nextInt(24)));
      default -> moment.plusMillis(random.nextInt(86_400_000));
    };
  }

  @Test
  void anAnswerSaysOfWhichMomentItIs() throws SQLException {
    int written = 0;
    while (written == 0) {
      written = rows.write();
    }
    Instant before =
        Instant.parse(
            text(
                "SELECT to_char(min(written_at) AT TIME ZONE 'UTC',"
                    + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM spendwatch.rollup_feed"));
    ReportQuestion question = new ReportQuestion(Report.HOURLY_SPEND, null, null, null, 50);
    AnalysisAnswer stale = answer(question);
    assertThat(stale.asOf()).isEqualTo(before);
    assertThat(stale.ageMs()).isNotNegative();
    assertThat(rollups.keep(() -> true).isAll()).isTrue();
    assertThat(answer(question).asOf()).isAfter(before);
    long askedNanos = System.nanoTime();
    long ageMs = answer(question).ageMs();
    assertThat(ageMs).isBetween(0L, Duration.ofNanos(System.nanoTime() - askedNanos).toMillis());
  }

  @Test
  void whoAsksTheSameCostsOneStatementWhichEndsWithTheLastOfThem(TestBed bed) throws SQLException {
    ReportQuestion question = new ReportQuestion(Report.REFUND_RATE, null, null, null, 50);
    Optional<Duration> kept = Optional.empty();
    Optional<Duration> anew = Optional.of(Duration.ZERO);
    String held =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    try (var metrics = new Metrics(InstantSource.system());
        Connection other = bed.database().connect("other");
        Statement sql = other.createStatement()) {
      var reports =
          new SharedReports(
              new Reports(database, configuration.analysis().timeout())::answer,
              new AnalysisConfig.Sharing(Duration.ofMinutes(1), 10, 1_000_000),
              Timekeeper.real(InstantSource.system()),
              metrics.analysis(false));
      other.setAutoCommit(false);
      boolean _ = sql.execute("LOCK TABLE spendwatch.rollups");
      var gone = new CompletableFuture<Void>();
      var left = reports.answer(question, kept, gone);
      var first = reports.answer(question, kept, wanted());
      var second = reports.answer(question, kept, wanted());
      assertThat(database.connectionsInUse() + database.requestsWaiting()).isEqualTo(1);
      await().until(() -> text(held).equals("1"));
      gone.complete(null);
      assertThat(left.toCompletableFuture()).isCompletedExceptionally();
      other.rollback();
      AnalysisAnswer answer = joined(first);
      assertThat(joined(second)).isEqualTo(answer);
      AnalysisAnswer again = joined(reports.answer(question, kept, wanted()));
      assertThat(again.withAgeMs(answer.ageMs())).isEqualTo(answer);
      assertThat(again.ageMs()).isGreaterThanOrEqualTo(answer.ageMs());
      assertThat(metrics.text())
          .contains("spendwatch_analysis_readings_total{report=\"refund-rate\"} 1.0")
          .contains("spendwatch_analysis_shared_total{report=\"refund-rate\"} 3.0");
      assertThat(joined(reports.answer(question, anew, wanted())).asOf()).isAfter(answer.asOf());

      boolean _ = sql.execute("LOCK TABLE spendwatch.rollups");
      var lastGone = new CompletableFuture<Void>();
      var last = reports.answer(question, anew, lastGone);
      await().until(() -> text(held).equals("1"));
      lastGone.complete(null);
      assertThat(last.toCompletableFuture()).isCompletedExceptionally();
      await().until(() -> text(held).equals("0"));
      other.rollback();
      assertThat(joined(reports.answer(question, anew, wanted())).rows()).isNotEmpty();
    }
  }

  @Test
  void nothingIsAnsweredFromARollupThatIsBeingBuilt() throws SQLException {
    execute("UPDATE spendwatch.rollups SET built = false WHERE name = 'daily_users'");
    try {
      assertThatThrownBy(() -> answer(new ReportQuestion(Report.RFM, null, null, null, 50)))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("daily_users is being built");
      assertThat(answer(new ReportQuestion(Report.HOURLY_SPEND, null, null, null, 50)).rows())
          .isNotEmpty();
      execute("UPDATE spendwatch.rollups SET built = name <> 'monthly_users'");
      assertThatThrownBy(() -> answer(new ReportQuestion(Report.RFM, null, null, null, 50)))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("monthly_users is being built");
      assertThat(answer(new ReportQuestion(Report.DAILY_SPEND, null, null, null, 50)).rows())
          .isNotEmpty();
    } finally {
      execute("UPDATE spendwatch.rollups SET built = true");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          SELECT sum(transactions) FROM spendwatch.hourly_spend                | rollup
          SELECT sum(transactions) FROM hourly_spend;                          | rollup
          SELECT sum(transactions) FROM spend_between('2026-01-02Z', '2026-05-01T09:30Z') | rollup
          SELECT max(last_day) FROM users_between('2026-01-02', '2026-05-01')  | rollup
          SELECT max(last_day) FROM user_totals_between('2026-01-02', '2026-05-01')  | rollup
          SELECT count(*) FROM spendwatch.transactions WHERE user_id = 'u01'   | primary
          SELECT 1                                                             | primary
          VALUES (1), (2)                                                      | primary
          WITH a AS (SELECT 1) SELECT * FROM a                                 | primary
          """)
  void aQueryIsAnsweredWhereItsPlanSays(String sql, String source) {
    AnalysisAnswer answer = free(sql, Optional.empty());
    assertThat(answer.source()).isEqualTo(source);
    assertThat(answer.rows()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          DELETE FROM spendwatch.hourly_spend
          INSERT INTO spendwatch.accounts (user_id, currency, balance_minor) VALUES ('x', 'USD', 1)
          WITH gone AS (DELETE FROM spendwatch.reconciliation_findings RETURNING *) SELECT * FROM gone
          SELECT * FROM spendwatch.reconciliation_runs FOR UPDATE
          CREATE TABLE spendwatch.mine AS SELECT 1
          DROP TABLE spendwatch.hourly_spend
          SELECT 1; DROP TABLE spendwatch.hourly_spend
          SELECT * INTO mine FROM spendwatch.hourly_spend
          COPY spendwatch.accounts TO '/tmp/x'
          SELECT pg_read_file('/etc/passwd')
          EXECUTE anything
          COMMIT
          """)
  void nothingIsWritten(String sql) throws SQLException {
    String before = text("SELECT count(*) FROM spendwatch.hourly_spend");
    assertThatThrownBy(() -> free(sql, Optional.empty())).isInstanceOf(OperatorException.class);
    assertThat(text("SELECT count(*) FROM spendwatch.hourly_spend")).isEqualTo(before);
    // What is refused takes nothing else with it.
    assertThat(free("SELECT 1", Optional.empty()).rows()).containsExactly(List.of(1));
  }

  /** Nor by a function that changes who asks. */
  @Test
  void nobodyBecomesSomebodyElseOnTheConnections() {
    try {
      AnalysisAnswer _ = free("SELECT set_config('role', 'none', false)", Optional.empty());
    } catch (OperatorException e) {
      assertThat(e).hasMessageContaining("PostgreSQL");
    }
    for (int i = 0; i < 4; i++) {
      assertThat(free("SELECT current_user::text", Optional.empty()).rows())
          .containsExactly(List.of("spendwatch_olap"));
    }
  }

  @Test
  void whatIsTooDearIsRefusedAndWhatIsTooMuchIsCut() {
    var narrow = limits(Duration.ofSeconds(20), 10);
    assertThatThrownBy(
            () ->
                joined(
                    new FreeQueries(database, Optional.empty(), NO_ARCHIVE, narrow)
                        .answer(Question.of("SELECT * FROM spendwatch.transactions"), wanted())))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("cost-max")
        .hasMessageContaining("hourly_spend");
    var few = limits(Duration.ofSeconds(20), 1_000_000);
    AnalysisAnswer cut =
        joined(
            new FreeQueries(database, Optional.empty(), NO_ARCHIVE, few)
                .answer(Question.of("SELECT * FROM generate_series(1, 100000) AS n"), wanted()));
    assertThat(cut.rows()).hasSize(3);
    assertThat(cut.truncated()).isTrue();
    AnalysisAnswer small =
        joined(
            new FreeQueries(database, Optional.empty(), NO_ARCHIVE, few)
                .answer(
                    Question.of("SELECT repeat('x', 900) FROM generate_series(1, 2)"), wanted()));
    assertThat(small.rows()).hasSize(1);
    assertThat(small.truncated()).isTrue();
  }

  @Test
  void whatTakesTooLongIsGivenUpOnTheServer() {
    var brief = limits(Duration.ofMillis(300), 1_000_000);
    assertThatThrownBy(
            () ->
                joined(
                    new FreeQueries(database, Optional.empty(), NO_ARCHIVE, brief)
                        .answer(Question.of("SELECT pg_sleep(60)"), wanted())))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("timeout");
    await()
        .until(
            () ->
                text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
                    .equals("0"));
  }

  /** As with Ctrl-C, which ends the process and with it the connection. */
  @Test
  void whoIsGoneIsNotWorkedForAnyMore() throws SQLException {
    Database own = Database.open(configuration.analytics());
    var patient = limits(Duration.ofMinutes(5), 1_000_000_000_000L);
    var asked =
        new FreeQueries(own, Optional.empty(), NO_ARCHIVE, patient)
            .answer(Question.of("SELECT count(*) FROM generate_series(1, 3000000000)"), wanted());
    String working =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'FETCH%' AND state = 'active' AND datname = current_database()";
    await().atMost(Duration.ofSeconds(30)).until(() -> !text(working).equals("0"));
    assertThat(asked.toCompletableFuture()).isNotDone();
    var _ = own.close().toCompletableFuture().join();
    await().atMost(Duration.ofSeconds(20)).until(() -> text(working).equals("0"));
  }

  /** As with a request whose client has closed the connection. */
  @Test
  void whatNobodyWantsAnyMoreIsCancelledOnTheServerAndNothingElseIs() throws SQLException {
    Database own = Database.open(configuration.analytics());
    try {
      var queries =
          new FreeQueries(
              own, Optional.empty(), NO_ARCHIVE, limits(Duration.ofMinutes(5), 1_000_000));
      var unwanted = new CompletableFuture<Void>();
      var asked = queries.answer(Question.of("SELECT pg_sleep(77)"), unwanted);
      String working =
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
      await().atMost(Duration.ofSeconds(30)).until(() -> !text(working).equals("0"));
      long cancelledNanos = System.nanoTime();
      unwanted.complete(null);
      assertThatThrownBy(() -> joined(asked)).isInstanceOf(OperatorException.class);
      // By the request, and not when the server has found the connection dead, or never.
      assertThat(Duration.ofNanos(System.nanoTime() - cancelledNanos))
          .isLessThan(Duration.ofSeconds(20));
      assertThat(text(working)).isEqualTo("0");
      for (int i = 0; i < 20; i++) {
        assertThat(joined(queries.answer(Question.of("SELECT 1"), unwantedSoon())).rows())
            .isNotEmpty();
      }
    } finally {
      var _ = own.close().toCompletableFuture().join();
    }
  }

  /** When the answer is there already. */
  private static CompletionStage<?> unwantedSoon() {
    return new CompletableFuture<Void>().completeOnTimeout(null, 2, TimeUnit.SECONDS);
  }

  @Test
  void theCommandSaysWhereAndPrintsIt() {
    assertThat(run("query")).contains("top-merchants", "rfm");
    assertThat(run("query", "top-merchants", "--limit", "2")).contains("rows from the rollup");
    assertThat(run("query", "hourly-spend", "--json")).startsWith("{\"report\":\"hourly-spend\"");
    assertThat(run("query", "refund-rate", "--by", "total", "--csv")).startsWith("day,merchant,");
    assertThat(run("query", "--sql", "SELECT count(*) FROM hourly_spend", "--explain-route"))
        .startsWith("rollup: it reads nothing but spendwatch.hourly_spend");
    assertThat(run("rollups")).contains("hourly_spend     0.0 s behind");
    assertThat(run("rollups", "--rebuild", "hourly_spend")).contains("hourly_spend");
  }

  @ParameterizedTest
  @CsvSource({
    "query nonsense, 2",
    "query rfm --by total, 2",
    "query near-limit --from 2024-01-01T00:00:00Z, 2",
    "query rfm --from yesterday, 2",
    "query rfm --limit 0, 2",
    "query --max-age 5s, 2",
    "query --at-least 0/1, 2",
    "query --sql x --at-least 5, 2",
    "query rfm --sql x, 2",
    "query --sql DROP, 1",
    "rollups --rebuild accounts, 1"
  })
  void whatIsWrongIsSaid(String line, int status) {
    assertThat(Spendwatch.run(Spendwatch.COMMANDS, line.split(" ", -1))).isEqualTo(status);
  }

  private static String run(String... arguments) {
    var out = new StringWriter();
    CommandLine commands =
        Spendwatch.commandLine(Spendwatch.COMMANDS).setOut(new PrintWriter(out, true));
    assertThat(commands.execute(arguments)).as(String.join(" ", arguments)).isZero();
    return out.toString();
  }

  /** By somebody who waits for the answer. */
  private static CompletionStage<?> wanted() {
    return new CompletableFuture<Void>();
  }

  private static AnalysisConfig limits(Duration timeout, long costMax) {
    return new AnalysisConfig(
        timeout,
        new AnalysisConfig.Costs(1, costMax, costMax),
        Duration.ofSeconds(30),
        Duration.ofSeconds(1),
        3,
        1000,
        new AnalysisConfig.Sharing(Duration.ZERO, 0, 0));
  }

  private AnalysisAnswer answer(ReportQuestion question) {
    return joined(
        new Reports(database, configuration.analysis().timeout()).answer(question, wanted()));
  }

  private AnalysisAnswer free(String sql, Optional<Duration> ageMax) {
    return joined(
        new FreeQueries(database, Optional.empty(), NO_ARCHIVE, configuration.analysis())
            .answer(new Question(sql, ageMax, OptionalLong.empty()), wanted()));
  }

  private static AnalysisAnswer joined(CompletionStage<AnalysisAnswer> answer) {
    try {
      return answer.toCompletableFuture().join();
    } catch (CompletionException e) {
      if (Retry.cause(e) instanceof OperatorException said) {
        throw said;
      }
      throw e;
    }
  }

  private void execute(String statement) throws SQLException {
    try (Statement sql = connection.createStatement()) {
      boolean _ = sql.execute(statement);
    }
  }

  private String text(String query) throws SQLException {
    try (Statement sql = connection.createStatement();
        ResultSet found = sql.executeQuery(query)) {
      assertThat(found.next()).isTrue();
      return found.getString(1);
    }
  }
}
