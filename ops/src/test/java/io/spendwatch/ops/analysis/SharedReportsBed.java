package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.status.ReplicaStatus;
import io.spendwatch.ops.testing.ManualTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** What asks for reports, and the statements that would be read for them, ended by the test. */
abstract class SharedReportsBed {
  static final Instant DAY = Instant.parse("2024-07-12T00:00:00Z");
  static final ReportQuestion SPEND = question(Report.HOURLY_SPEND, null);
  static final ReportQuestion RANKING = question(Report.TOP_MERCHANTS, null);
  static final ReportQuestion SEGMENTS = question(Report.RFM, null);
  static final Duration BOUND = Duration.ofSeconds(5);
  static final Optional<Duration> ANEW = Optional.of(Duration.ZERO);
  static final Optional<Duration> UNSAID = Optional.empty();

  final ManualTime time = new ManualTime();
  final Counted counted = new Counted();

  /** Statements that PostgreSQL would be at, in the order in which they came. */
  final List<Statement> statements = new ArrayList<>();

  SharedReports reports = keeping(100, 1_000_000);

  record Statement(
      ReportQuestion question,
      CompletableFuture<?> unwanted,
      CompletableFuture<AnalysisAnswer> answer) {
    /** Has taken so long; the figure tells one answer from another. */
    void end(long figure, long ageMs, long tookMs) {
      answer.complete(SharedReportsBed.answer(question, figure, ageMs, tookMs));
    }
  }

  static final class Counted implements AnalysisMetrics {
    final AtomicInteger read = new AtomicInteger();
    final AtomicInteger shared = new AtomicInteger();

    @Override
    public void answered(String report, String source) {
      throw new AssertionError("counted by who asks");
    }

    @Override
    public void read(String report, Duration took) {
      read.incrementAndGet();
    }

    @Override
    public void shared(String report) {
      shared.incrementAndGet();
    }

    @Override
    public void refused(String report) {
      throw new AssertionError("counted by who asks");
    }

    @Override
    public void replica(ReplicaStatus status) {
      throw new AssertionError("there is none");
    }
  }

  SharedReports keeping(int answersMax, int bytesMax) {
    return new SharedReports(
        this::read, new AnalysisConfig.Sharing(BOUND, answersMax, bytesMax), time, counted);
  }

  CompletionStage<AnalysisAnswer> read(ReportQuestion question, CompletionStage<?> unwanted) {
    var statement =
        new Statement(question, unwanted.toCompletableFuture(), new CompletableFuture<>());
    statements.add(statement);
    return statement.answer;
  }

  /** By somebody who stays. */
  CompletableFuture<AnalysisAnswer> ask(ReportQuestion question, Optional<Duration> ageMax) {
    return reports.answer(question, ageMax, new CompletableFuture<Void>()).toCompletableFuture();
  }

  /** Asks for it anew, and has it answered. */
  void answered(ReportQuestion question, long figure, long ageMs, long tookMs) {
    var answer = ask(question, ANEW);
    statements.getLast().end(figure, ageMs, tookMs);
    assertThat(figure(answer)).isEqualTo(figure);
  }

  void pass(long ms) {
    assertThat(time.await(new CompletableFuture<>(), Duration.ofMillis(ms))).isFalse();
  }

  static long figure(CompletableFuture<AnalysisAnswer> answer) {
    assertThat(answer).isDone();
    return (Long) answer.join().rows().getFirst().getFirst();
  }

  static ReportQuestion question(Report report, String by) {
    return new ReportQuestion(report, null, null, by, Report.LIMIT_DEFAULT);
  }

  static AnalysisAnswer answer(ReportQuestion question, long figure, long ageMs, long tookMs) {
    return new AnalysisAnswer(
        question.report().word(),
        null,
        null,
        List.of("figure"),
        Collections.singletonList(List.of(figure)),
        false,
        "rollup",
        null,
        DAY,
        ageMs,
        tookMs,
        1);
  }
}
