package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.answer.AnswerText;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.SqlText;
import java.math.BigDecimal;
import java.sql.Connection;
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
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reports say what the rows say, and of which moment that is. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ReportsIT {
  private static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant TO = Instant.parse("2026-12-31T00:00:00Z");

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

  private AnalysisBed analysis;

  @BeforeAll
  void write(TestBed bed) throws SQLException {
    analysis = new AnalysisBed(bed);
    analysis.execute(BY_ROWS);
  }

  @AfterAll
  void close() throws SQLException {
    analysis.execute("DROP SCHEMA IF EXISTS by_rows CASCADE");
    analysis.close();
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
    AnalysisAnswer answer = analysis.answer(question);
    assertThat(answer.rows()).isNotEmpty().allMatch(row -> row.size() == answer.columns().size());
    assertThat(answer.source()).isEqualTo("rollup");
    assertThat(answer.rowsRead()).isPositive();
    assertThat(answer.asOf()).isBeforeOrEqualTo(Instant.now().plusSeconds(5));
    assertThat(AnswerText.table(answer).lines()).allMatch(line -> line.length() <= 100);
  }

  @Test
  void theSumsAreThoseOfTheRows() throws SQLException {
    AnalysisAnswer days =
        analysis.answer(
            new ReportQuestion(Report.DAILY_SPEND, FROM, TO, "total", Report.LIMIT_MAX));
    int net = days.columns().indexOf("net");
    int currency = days.columns().indexOf("currency");
    BigDecimal sum =
        days.rows().stream()
            .filter(row -> row.get(currency).equals("USD"))
            .map(row -> new BigDecimal((String) row.get(net)))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(sum)
        .isEqualByComparingTo(
            analysis.text(
                "SELECT sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) * 0.01"
                    + " FROM spendwatch.transactions WHERE currency = 'USD'"));
    AnalysisAnswer hours =
        analysis.answer(
            new ReportQuestion(Report.ALERTS_BY_HOUR, FROM, TO, null, Report.LIMIT_MAX));
    assertThat(hours.rows().stream().mapToLong(row -> (Long) row.get(1) + (Long) row.get(2)).sum())
        .isEqualTo(Long.parseLong(analysis.text("SELECT count(*) FROM spendwatch.alerts")));
    AnalysisAnswer rfm = analysis.answer(new ReportQuestion(Report.RFM, FROM, TO, null, 50));
    assertThat(rfm.rows().stream().mapToLong(row -> (Long) row.get(2)).sum())
        .isEqualTo(
            Long.parseLong(
                analysis.text(
                    "SELECT count(*) FROM (SELECT DISTINCT user_id, currency FROM spendwatch.transactions) AS u")));
  }

  @Test
  void anAnswerIsWhatTheRowsSayWhateverItsTimeBeginsAndEndsWith() throws SQLException {
    assertThat(analysis.text("SELECT count(*) FROM spendwatch.rollup_feed")).isEqualTo("0");
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
          String answer = analysis.text(sql);
          answered += answer == null ? 0 : 1;
          assertThat(answer)
              .as("seed %d: %s by '%s' of [%s, %s)", seed, report, word, from, to)
              .isEqualTo(analysis.text(byRows));
        }
      }
    }
    assertThat(answered).isGreaterThan(100);
  }

  @Test
  void whatIsBetweenTwoMomentsIsOfEachUserAndMerchantWhatTheirRowsAddUpTo() throws SQLException {
    assertThat(analysis.text("SELECT count(*) FROM spendwatch.rollup_feed")).isEqualTo("0");
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
        String kept = analysis.text(sql);
        summed += kept == null ? 0 : 1;
        assertThat(kept)
            .as("seed %d: [%s, %s) by %s", seed, from, to, sums)
            .isEqualTo(analysis.text(NAMED.matcher(sql).replaceAll("by_rows.$1")));
        // Else a part of the time is read through a function, and all of it.
        assertThat(analysis.text("EXPLAIN (FORMAT JSON) " + sql)).doesNotContain("Function Scan");
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
    analysis.writeMore();
    Instant before =
        Instant.parse(
            analysis.text(
                "SELECT to_char(min(written_at) AT TIME ZONE 'UTC',"
                    + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM spendwatch.rollup_feed"));
    ReportQuestion question = new ReportQuestion(Report.HOURLY_SPEND, null, null, null, 50);
    AnalysisAnswer stale = analysis.answer(question);
    assertThat(stale.asOf()).isEqualTo(before);
    assertThat(stale.ageMs()).isNotNegative();
    analysis.keepRollups();
    assertThat(analysis.answer(question).asOf()).isAfter(before);
    long askedNanos = System.nanoTime();
    long ageMs = analysis.answer(question).ageMs();
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
              new Reports(analysis.database(), analysis.configuration().analysis().timeout())
                  ::answer,
              new AnalysisConfig.Sharing(Duration.ofMinutes(1), 10, 1_000_000),
              Timekeeper.real(InstantSource.system()),
              metrics.analysis(false));
      other.setAutoCommit(false);
      boolean _ = sql.execute("LOCK TABLE spendwatch.rollups");
      var gone = new CompletableFuture<Void>();
      var left = reports.answer(question, kept, gone);
      var first = reports.answer(question, kept, AnalysisBed.wanted());
      var second = reports.answer(question, kept, AnalysisBed.wanted());
      assertThat(analysis.database().connectionsInUse() + analysis.database().requestsWaiting())
          .isEqualTo(1);
      await().until(() -> analysis.text(held).equals("1"));
      gone.complete(null);
      assertThat(left.toCompletableFuture()).isCompletedExceptionally();
      other.rollback();
      AnalysisAnswer answer = AnalysisBed.joined(first);
      assertThat(AnalysisBed.joined(second)).isEqualTo(answer);
      AnalysisAnswer again =
          AnalysisBed.joined(reports.answer(question, kept, AnalysisBed.wanted()));
      assertThat(again.withAgeMs(answer.ageMs())).isEqualTo(answer);
      assertThat(again.ageMs()).isGreaterThanOrEqualTo(answer.ageMs());
      assertThat(metrics.text())
          .contains("spendwatch_analysis_readings_total{report=\"refund-rate\"} 1.0")
          .contains("spendwatch_analysis_shared_total{report=\"refund-rate\"} 3.0");
      assertThat(AnalysisBed.joined(reports.answer(question, anew, AnalysisBed.wanted())).asOf())
          .isAfter(answer.asOf());

      boolean _ = sql.execute("LOCK TABLE spendwatch.rollups");
      var lastGone = new CompletableFuture<Void>();
      var last = reports.answer(question, anew, lastGone);
      await().until(() -> analysis.text(held).equals("1"));
      lastGone.complete(null);
      assertThat(last.toCompletableFuture()).isCompletedExceptionally();
      await().until(() -> analysis.text(held).equals("0"));
      other.rollback();
      assertThat(AnalysisBed.joined(reports.answer(question, anew, AnalysisBed.wanted())).rows())
          .isNotEmpty();
    }
  }

  @Test
  void nothingIsAnsweredFromARollupThatIsBeingBuilt() throws SQLException {
    analysis.execute("UPDATE spendwatch.rollups SET built = false WHERE name = 'daily_users'");
    try {
      assertThatThrownBy(
              () -> analysis.answer(new ReportQuestion(Report.RFM, null, null, null, 50)))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("daily_users is being built");
      assertThat(
              analysis.answer(new ReportQuestion(Report.HOURLY_SPEND, null, null, null, 50)).rows())
          .isNotEmpty();
      analysis.execute("UPDATE spendwatch.rollups SET built = name <> 'monthly_users'");
      assertThatThrownBy(
              () -> analysis.answer(new ReportQuestion(Report.RFM, null, null, null, 50)))
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("monthly_users is being built");
      assertThat(
              analysis.answer(new ReportQuestion(Report.DAILY_SPEND, null, null, null, 50)).rows())
          .isNotEmpty();
    } finally {
      analysis.execute("UPDATE spendwatch.rollups SET built = true");
    }
  }
}
