package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.analysis.FreeQueries.Question;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Free queries are answered where their plan says, and can neither write nor take too much. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FreeQueriesIT {
  private AnalysisBed analysis;

  @BeforeAll
  void write(TestBed bed) throws SQLException {
    analysis = new AnalysisBed(bed);
  }

  @AfterAll
  void close() throws SQLException {
    analysis.close();
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
    String before = analysis.text("SELECT count(*) FROM spendwatch.hourly_spend");
    assertThatThrownBy(() -> free(sql, Optional.empty())).isInstanceOf(OperatorException.class);
    assertThat(analysis.text("SELECT count(*) FROM spendwatch.hourly_spend")).isEqualTo(before);
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
                AnalysisBed.joined(
                    new FreeQueries(
                            analysis.database(), Optional.empty(), AnalysisBed.NO_ARCHIVE, narrow)
                        .answer(
                            Question.of("SELECT * FROM spendwatch.transactions"),
                            AnalysisBed.wanted())))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("cost-max")
        .hasMessageContaining("hourly_spend");
    var few = limits(Duration.ofSeconds(20), 1_000_000);
    AnalysisAnswer cut =
        AnalysisBed.joined(
            new FreeQueries(analysis.database(), Optional.empty(), AnalysisBed.NO_ARCHIVE, few)
                .answer(
                    Question.of("SELECT * FROM generate_series(1, 100000) AS n"),
                    AnalysisBed.wanted()));
    assertThat(cut.rows()).hasSize(3);
    assertThat(cut.truncated()).isTrue();
    AnalysisAnswer small =
        AnalysisBed.joined(
            new FreeQueries(analysis.database(), Optional.empty(), AnalysisBed.NO_ARCHIVE, few)
                .answer(
                    Question.of("SELECT repeat('x', 900) FROM generate_series(1, 2)"),
                    AnalysisBed.wanted()));
    assertThat(small.rows()).hasSize(1);
    assertThat(small.truncated()).isTrue();
  }

  @Test
  void whatTakesTooLongIsGivenUpOnTheServer() {
    var brief = limits(Duration.ofMillis(300), 1_000_000);
    assertThatThrownBy(
            () ->
                AnalysisBed.joined(
                    new FreeQueries(
                            analysis.database(), Optional.empty(), AnalysisBed.NO_ARCHIVE, brief)
                        .answer(Question.of("SELECT pg_sleep(60)"), AnalysisBed.wanted())))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("timeout");
    await()
        .until(
            () ->
                analysis
                    .text(
                        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
                    .equals("0"));
  }

  /** As with Ctrl-C, which ends the process and with it the connection. */
  @Test
  void whoIsGoneIsNotWorkedForAnyMore() throws SQLException {
    Database own = Database.open(analysis.configuration().analytics());
    var patient = limits(Duration.ofMinutes(5), 1_000_000_000_000L);
    var asked =
        new FreeQueries(own, Optional.empty(), AnalysisBed.NO_ARCHIVE, patient)
            .answer(
                Question.of("SELECT count(*) FROM generate_series(1, 3000000000)"),
                AnalysisBed.wanted());
    String working =
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'FETCH%' AND state = 'active' AND datname = current_database()";
    await().atMost(Duration.ofSeconds(30)).until(() -> !analysis.text(working).equals("0"));
    assertThat(asked.toCompletableFuture()).isNotDone();
    var _ = own.close().toCompletableFuture().join();
    await().atMost(Duration.ofSeconds(20)).until(() -> analysis.text(working).equals("0"));
  }

  /** As with a request whose client has closed the connection. */
  @Test
  void whatNobodyWantsAnyMoreIsCancelledOnTheServerAndNothingElseIs() throws SQLException {
    Database own = Database.open(analysis.configuration().analytics());
    try {
      var queries =
          new FreeQueries(
              own,
              Optional.empty(),
              AnalysisBed.NO_ARCHIVE,
              limits(Duration.ofMinutes(5), 1_000_000));
      var unwanted = new CompletableFuture<Void>();
      var asked = queries.answer(Question.of("SELECT pg_sleep(77)"), unwanted);
      String working =
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()";
      await().atMost(Duration.ofSeconds(30)).until(() -> !analysis.text(working).equals("0"));
      long cancelledNanos = System.nanoTime();
      unwanted.complete(null);
      assertThatThrownBy(() -> AnalysisBed.joined(asked)).isInstanceOf(OperatorException.class);
      // By the request, and not when the server has found the connection dead, or never.
      assertThat(Duration.ofNanos(System.nanoTime() - cancelledNanos))
          .isLessThan(Duration.ofSeconds(20));
      assertThat(analysis.text(working)).isEqualTo("0");
      for (int i = 0; i < 20; i++) {
        assertThat(
                AnalysisBed.joined(queries.answer(Question.of("SELECT 1"), unwantedSoon())).rows())
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

  private AnalysisAnswer free(String sql, Optional<Duration> ageMax) {
    return AnalysisBed.joined(
        new FreeQueries(
                analysis.database(),
                Optional.empty(),
                AnalysisBed.NO_ARCHIVE,
                analysis.configuration().analysis())
            .answer(new Question(sql, ageMax, OptionalLong.empty()), AnalysisBed.wanted()));
  }
}
