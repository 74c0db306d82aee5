package io.spendwatch.ops.archive;

import static io.spendwatch.ops.archive.ArchiveBed.DAY;
import static io.spendwatch.ops.archive.ArchiveBed.NEXT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.analysis.FreeQueries;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.audit.explain.Explanation;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.streams.base.Retry;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What is asked of days that have left, and of those that have not, has one answer. */
class ArchivedQuestionsIT extends ArchivingDays {
  private static final List<String> QUESTIONS =
      List.of(
          "SELECT count(*), sum(amount_minor), min(event_time), max(ingested_at) FROM spendwatch.transactions",
          "SELECT user_id, kind, count(*) FROM transactions WHERE event_time < '2026-03-11T00:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2",
          "SELECT date_trunc('hour', event_time) AS hour, count(*), sum(exposure_minor) FROM transactions"
              + " WHERE event_time >= '2026-03-10T20:00:00Z' AND event_time < '2026-03-11T04:00:00Z' GROUP BY 1 ORDER BY 1",
          "SELECT t.transaction_id, a.balance_minor, t.merchant, t.known_version IS NULL, t.event_time FROM transactions AS t"
              + " LEFT JOIN accounts AS a USING (user_id) ORDER BY 1",
          "WITH ranked AS (SELECT *, rank() OVER (PARTITION BY user_id ORDER BY event_time DESC, transaction_id) AS place"
              + " FROM transactions) SELECT user_id, transaction_id, amount_minor FROM ranked WHERE place = 1 ORDER BY user_id",
          "SELECT type, count(*) FROM alerts WHERE user_id IN (SELECT user_id FROM transactions) GROUP BY 1");

  /** What is asked of days in the table, and again when one, then both of them have left. */
  @Test
  void aQuestionHasTheSameAnswerWhereverTheDaysAre() throws Exception {
    bed.write(DAY, 120);
    bed.write(NEXT, 80);
    bed.write(NEXT.plusDays(1), 20);
    var _ = run();
    Map<String, AnalysisAnswer> whole = new LinkedHashMap<>();
    for (String sql : QUESTIONS) {
      whole.put(sql, asked(sql));
      assertThat(whole.get(sql).source()).isEqualTo("primary");
    }
    for (LocalDate day : List.of(DAY, NEXT)) {
      assertThat(bed.drop(day)).isTrue();
      assertSameAnswers(whole, "archive");
    }
    try (Archive archive = bed.archive(root)) {
      assertThat(archive.restore(DAY).restored()).isEqualTo(120);
      assertThat(archive.restore(NEXT).restored()).isEqualTo(80);
    }
    assertSameAnswers(whole, "primary");
  }

  private void assertSameAnswers(Map<String, AnalysisAnswer> whole, String source) {
    whole.forEach(
        (sql, there) ->
            assertThat(asked(sql))
                .as(sql)
                .returns(source, AnalysisAnswer::source)
                .returns(there.columns(), AnalysisAnswer::columns)
                .returns(there.rows(), AnalysisAnswer::rows));
  }

  @Test
  void onlyTheDaysThatAQuestionNeedsAreFetchedFromABucket() throws Exception {
    try (S3Server server = new S3Server(root.resolve("server"))) {
      bed.write(DAY, 30);
      bed.write(NEXT, 20);
      bed.write(NEXT.plusDays(1), 10);
      try (Archive archive = bed.archive(root, server.store("p"))) {
        ArchiveBed.run(archive, false, _ -> {});
      }
      assertThat(bed.drop(DAY)).isTrue();
      assertThat(bed.drop(NEXT)).isTrue();
      FreeQueries queries = bed.queries(root, server.store("p"));
      assertThat(
              asked(
                  queries,
                  "SELECT count(*) FROM transactions WHERE event_time < timestamptz '2026-03-11 00:00:00Z'"))
          .returns(List.of(List.of(30L)), AnalysisAnswer::rows)
          .returns(30L, AnalysisAnswer::rowsRead);
      assertThat(
              asked(
                  queries,
                  "SELECT count(*) FROM transactions WHERE event_time >= '2026-03-11T00:00:00Z' AND user_id <> ''"))
          .returns(List.of(List.of(30L)), AnalysisAnswer::rows)
          .returns(30L, AnalysisAnswer::rowsRead);
      // What needs nothing of them does not go there.
      server.stop();
      assertThat(
              asked(
                  queries,
                  "SELECT count(*) FROM transactions WHERE event_time >= '2026-03-12T00:00:00Z'"))
          .returns("primary", AnalysisAnswer::source)
          .returns(List.of(List.of(10L)), AnalysisAnswer::rows);
      assertThatThrownBy(() -> asked(queries, "SELECT count(*) FROM transactions"))
          .hasMessageContaining("the archive at s3://archive/p cannot give");
    }
  }

  @Test
  void aQuestionThatCannotBeAnsweredSaysWhatWould() throws Exception {
    bed.write(DAY, 5);
    bed.write(NEXT, 5);
    var _ = run();
    assertThat(bed.drop(DAY)).isTrue();
    FreeQueries without = bed.queries(new ArchiveAccess.Absent("nobody reads it here"));
    String whole = "SELECT count(*) FROM transactions";
    assertThatThrownBy(() -> asked(without, whole))
        .hasMessageContaining("it reads transactions of 2026-03-10, which have left the table")
        .hasMessageContaining("nobody reads it here")
        .hasMessageContaining("event_time from 2026-03-11 on")
        .hasMessageContaining("spendwatch.hourly_spend");
    // No partition is left that the planner could name.
    assertThatThrownBy(() -> asked(without, whole + " WHERE event_time < '2026-03-11T00:00:00Z'"))
        .hasMessageContaining("2026-03-10");
    assertThat(asked(without, whole + " WHERE event_time >= '2026-03-12T00:00:00Z'").source())
        .isEqualTo("primary");
    assertThat(asked(without, "SELECT count(*) FROM accounts").source()).isEqualTo("primary");
    // PostgreSQL has it, the engine has not.
    assertThatThrownBy(
            () -> asked("SELECT pg_size_pretty(count(*)), jsonb_agg(user_id) FROM transactions"))
        .hasMessageContaining("DuckDB");
    assertThatThrownBy(() -> asked("SELECT * FROM transactions_readable"))
        .hasMessageContaining("transactions_readable");
    assertThatThrownBy(() -> asked("SELECT 1 FROM transactions FOR UPDATE"))
        .isInstanceOf(OperatorException.class);
    // Between detached and dropped.
    bed.sql(
        "ALTER TABLE spendwatch.transactions DETACH PARTITION spendwatch.transactions_20260311 CONCURRENTLY");
    assertThatThrownBy(() -> asked(whole)).hasMessageContaining("2026-03-11 are leaving");
  }

  /** A day leaves and comes back while the same is asked again and again. */
  @Test
  void noRowIsMissingOrThereTwiceWhileDaysLeave() throws Exception {
    bed.write(DAY, 400);
    bed.write(NEXT, 300);
    bed.write(NEXT.plusDays(1), 10);
    var _ = run();
    String sql =
        "SELECT count(*), count(DISTINCT (user_id, event_time, transaction_id)), sum(amount_minor)"
            + " FROM transactions";
    List<List<Object>> expected = asked(sql).rows();
    var ended = new AtomicBoolean();
    Set<String> sources = ConcurrentHashMap.newKeySet();
    var questions = new AtomicInteger();
    try (ExecutorService asking = Executors.newFixedThreadPool(2)) {
      List<Future<?>> askers = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        askers.add(
            asking.submit(
                () -> {
                  FreeQueries queries = bed.queries(root, new FileStore(root));
                  while (!ended.get()) {
                    AnalysisAnswer answer = asked(queries, sql);
                    assertThat(answer.rows()).as(answer.because()).isEqualTo(expected);
                    sources.add(answer.source());
                    questions.incrementAndGet();
                  }
                }));
      }
      try {
        for (int round = 0; round < 2; round++) {
          for (LocalDate day : List.of(DAY, NEXT)) {
            awaitAnother(questions, askers);
            bed.sql("UPDATE spendwatch.archived_days SET kept_until = NULL");
            assertThat(bed.drop(day)).isTrue();
          }
          awaitAnother(questions, askers);
          try (Archive archive = bed.archive(root)) {
            for (LocalDate day : List.of(DAY, NEXT)) {
              assertThat(archive.restore(day).restored()).isPositive();
            }
          }
        }
        awaitAnother(questions, askers);
      } finally {
        ended.set(true);
      }
      for (Future<?> asker : askers) {
        asker.get();
      }
    }
    assertThat(sources).containsExactlyInAnyOrder("primary", "archive");
  }

  private static void awaitAnother(AtomicInteger questions, List<Future<?>> askers) {
    int before = questions.get();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> questions.get() > before + 1 || askers.stream().anyMatch(Future::isDone));
  }

  /** The row that came once more after its day had left: the first one counts. */
  @Test
  void aRowThatIsInBothCountsAsTheArchiveHasIt() throws Exception {
    bed.write(DAY, 20);
    var _ = run();
    String sql = "SELECT count(*), sum(amount_minor) FROM transactions";
    List<List<Object>> expected = asked(sql).rows();
    bed.sql("CREATE TABLE spendwatch.kept AS SELECT * FROM spendwatch.transactions LIMIT 1");
    assertThat(bed.drop(DAY)).isTrue();
    bed.sql(
        "SELECT spendwatch.ensure_partitions('{2026-03-10Z}')",
        "UPDATE spendwatch.kept SET amount_minor = 1",
        "INSERT INTO spendwatch.transactions SELECT * FROM spendwatch.kept",
        "DROP TABLE spendwatch.kept");
    assertThat(asked(sql).rows()).isEqualTo(expected);
    bed.insert(DAY + "T05:00:00Z", 7, null);
    assertThat(asked(sql).rows().getFirst().getFirst()).isEqualTo(21L);
  }

  /** What was summed lies to both sides of the seam, then beyond it. */
  @Test
  void whatWasDecidedExplainsItselfWhereverItsDaysAre() throws Exception {
    bed.write(DAY, 20);
    bed.write(NEXT, 20);
    bed.sql(
        """
        INSERT INTO spendwatch.transactions VALUES
          ('u-x', '2026-03-10T20:00:00.123Z', 'x-1', 'PURCHASE', 700, 'USD', 'shop', NULL, 700, 1000, 1, 'CLEAR', 0, 10,
           '2026-03-11T12:00:00Z', NULL),
          ('u-x', '2026-03-10T21:00:00Z', 'x-2', 'REFUND', 100, 'USD', NULL, 'x-1', 600, 1000, 1, 'CLEAR', 0, 11,
           '2026-03-11T12:00:00Z', NULL),
          ('u-x', '2026-03-11T03:00:00Z', 'x-3', 'PURCHASE', 600, 'USD', NULL, NULL, 1200, 1000, 1, 'BREACH', 0, 12,
           '2026-03-11T12:00:01Z', NULL)""",
        """
        INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, transaction_id, exposure_minor,
          balance_minor, currency, transactions, window_start, event_time, detected_at, late, cause, kafka_topic,
          kafka_partition, kafka_offset, partition_seq) VALUES ('a-x', 'RAISED', 'exposure-24h', 'e-x', 'u-x', 'x-3', 1200,
          1000, 'USD', 3, '2026-03-10T03:00:00Z', '2026-03-11T03:00:00Z', '2026-03-11T12:00:01Z', false, NULL,
          'transactions', 0, 12, 99999)""");
    var _ = run();
    Function<Explanations, List<Explanation>> questions =
        explanations ->
            List.of(
                explanations.of("a-x", null, null),
                explanations.of("x-1", "u-x", Instant.parse("2026-03-10T20:00:00.123Z")),
                explanations.at("u-x", Instant.parse("2026-03-11T04:00:00Z")));
    Explanations here = bed.explanations(bed.access(root, new FileStore(root)));
    List<Explanation> before = questions.apply(here);
    assertThat(before.getFirst().differences()).isEmpty();
    assertThat(before.getFirst().summation().recomputed()).isEqualTo("12.00");
    for (LocalDate day : List.of(DAY, NEXT)) {
      assertThat(bed.drop(day)).isTrue();
      List<Explanation> after = questions.apply(here);
      assertThat(after).usingRecursiveComparison().ignoringFields("remarks").isEqualTo(before);
      assertThat(after)
          .allSatisfy(
              explanation ->
                  assertThat(explanation.remarks())
                      .last()
                      .asString()
                      .contains("read from the archive"));
    }
    Explanations nowhere = bed.explanations(new ArchiveAccess.Absent("nobody reads it here"));
    assertThatThrownBy(() -> nowhere.of("a-x", null, null))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("2026-03-10 to 2026-03-11 have left the table")
        .hasMessageContaining("nobody reads it here")
        .hasMessageContaining("archive restore");
  }

  private AnalysisAnswer asked(String sql) {
    return asked(bed.queries(root, new FileStore(root)), sql);
  }

  private static AnalysisAnswer asked(FreeQueries queries, String sql) {
    try {
      return queries
          .answer(FreeQueries.Question.of(sql), new CompletableFuture<>())
          .toCompletableFuture()
          .join();
    } catch (CompletionException e) {
      throw Retry.cause(e) instanceof OperatorException said ? said : e;
    }
  }
}
