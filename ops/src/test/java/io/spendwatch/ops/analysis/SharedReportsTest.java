package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.status.ReplicaStatus;
import io.spendwatch.ops.testing.ManualTime;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedReportsTest {
  private static final Instant DAY = Instant.parse("2024-07-12T00:00:00Z");
  private static final ReportQuestion SPEND = question(Report.HOURLY_SPEND, null);
  private static final ReportQuestion RANKING = question(Report.TOP_MERCHANTS, null);
  private static final ReportQuestion SEGMENTS = question(Report.RFM, null);
  private static final Duration BOUND = Duration.ofSeconds(5);
  private static final Optional<Duration> ANEW = Optional.of(Duration.ZERO);
  private static final Optional<Duration> UNSAID = Optional.empty();

  private final ManualTime time = new ManualTime();
  private final Counted counted = new Counted();

  /** Statements that PostgreSQL would be at, in the order in which they came. */
  private final List<Statement> statements = new ArrayList<>();

  private SharedReports reports = keeping(100, 1_000_000);

  private record Statement(
      ReportQuestion question,
      CompletableFuture<?> unwanted,
      CompletableFuture<AnalysisAnswer> answer) {
    /** Has taken so long; the figure tells one answer from another. */
    void end(long figure, long ageMs, long tookMs) {
      answer.complete(SharedReportsTest.answer(question, figure, ageMs, tookMs));
    }
  }

  private static final class Counted implements AnalysisMetrics {
    private final AtomicInteger read = new AtomicInteger();
    private final AtomicInteger shared = new AtomicInteger();

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

  @Test
  void whatIsBeingReadIsWaitedForByAllWhoAskTheSame() {
    var first = ask(SPEND, UNSAID);
    var second = ask(SPEND, UNSAID);
    var other = ask(RANKING, UNSAID);
    assertThat(statements).extracting(Statement::question).hasSize(2).doesNotHaveDuplicates();
    statements.getFirst().end(1, 40, 10_000);
    for (CompletableFuture<AnalysisAnswer> each : List.of(first, second)) {
      assertThat(figure(each)).isEqualTo(1);
      assertThat(each.join().ageMs()).isEqualTo(40);
      assertThat(each.join().tookMs()).isEqualTo(10_000);
    }
    assertThat(other).isNotDone();
    assertThat(counted.read).hasValue(1);
    assertThat(counted.shared).hasValue(1);
  }

  @Test
  void anAnswerIsGivenAgainWhileItIsWithinTheBoundAndSaysHowOldItIs() {
    var first = ask(SPEND, UNSAID);
    statements.getFirst().end(1, 1_000, 10);
    pass(4_000);
    var last = ask(SPEND, UNSAID);
    assertThat(figure(last)).isEqualTo(1);
    assertThat(last.join().ageMs()).isEqualTo(5_000);
    assertThat(last.join().withAgeMs(1_000)).isEqualTo(first.join());
    pass(1);
    assertThat(ask(SPEND, UNSAID)).isNotDone();
    assertThat(statements).hasSize(2);
    assertThat(counted.shared).hasValue(1);
  }

  @Test
  void theBoundOfTheQuestionHoldsBeforeThatOfTheSetting() {
    answered(SPEND, 1, 0, 10);
    pass(2_000);
    assertThat(ask(SPEND, Optional.of(Duration.ofMillis(1_999)))).isNotDone();
    assertThat(figure(ask(SPEND, Optional.of(Duration.ofSeconds(2))))).isEqualTo(1);
    pass(60_000);
    assertThat(figure(ask(SPEND, Optional.of(Duration.ofMinutes(2))))).isEqualTo(1);
    assertThat(statements).hasSize(2);
  }

  @Test
  void aBoundOfZeroIsReadAnewAndTheOthersHaveWhatItHasRead() {
    answered(SPEND, 1, 0, 10);
    var before = ask(SPEND, ANEW);
    var after = ask(SPEND, ANEW);
    assertThat(statements).hasSize(3);
    pass(6_000);
    var joined = ask(SPEND, UNSAID);
    assertThat(statements).hasSize(3);
    statements.get(2).end(3, 0, 10);
    assertThat(figure(after)).isEqualTo(3);
    assertThat(figure(joined)).isEqualTo(3);
    // The one before it comes in later, and is older: it is not kept.
    statements.get(1).end(2, 700, 10);
    assertThat(figure(before)).isEqualTo(2);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(3);
  }

  @Test
  void nothingIsSharedWhereTheSettingIsZeroUnlessTheQuestionAllowsForIt() {
    reports =
        new SharedReports(
            this::read, new AnalysisConfig.Sharing(Duration.ZERO, 10, 1_000_000), time, counted);
    answered(SPEND, 1, 0, 10);
    assertThat(ask(SPEND, UNSAID)).isNotDone();
    assertThat(ask(SPEND, UNSAID)).isNotDone();
    assertThat(statements).hasSize(3);
    assertThat(figure(ask(SPEND, Optional.of(BOUND)))).isEqualTo(1);
  }

  @Test
  void aDearAnswerPastHalfOfItsBoundIsGivenAndOneReadingBeginsBehindIt() {
    answered(SPEND, 1, 0, 100);
    pass(2_500);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    assertThat(statements).as("not past half of it").hasSize(1);
    pass(1);
    for (int i = 0; i < 3; i++) {
      assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    }
    assertThat(statements).hasSize(2);
    pass(2_000);
    statements.get(1).end(2, 0, 2_000);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(2);
    assertThat(statements).hasSize(2);
    assertThat(counted.read).hasValue(2);
  }

  @Test
  void halfOfItsTimeIsOfWhatWasLeftWhenItWasThere() {
    answered(SPEND, 1, 3_000, 100);
    pass(1_000);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    assertThat(statements).hasSize(1);
    pass(1);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    assertThat(statements).hasSize(2);
  }

  /** As where roll-ups are behind: what would be read now would be no younger. */
  @Test
  void anAnswerThatWasTooOldWhenItWasThereIsGivenForTheBound() {
    answered(SPEND, 1, 12_000, 100);
    pass(2_500);
    var again = ask(SPEND, UNSAID);
    assertThat(figure(again)).isEqualTo(1);
    assertThat(again.join().ageMs()).isEqualTo(14_500);
    assertThat(statements).hasSize(1);
    pass(2_500);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    assertThat(statements).as("one behind it").hasSize(2);
    pass(1);
    assertThat(ask(SPEND, UNSAID)).isNotDone();
    assertThat(statements).hasSize(2);
    // Who allows for more has it for longer, and who allows for none has none of it.
    assertThat(figure(ask(SPEND, Optional.of(Duration.ofSeconds(20))))).isEqualTo(1);
    assertThat(ask(SPEND, ANEW)).isNotDone();
  }

  @Test
  void aCheapAnswerIsNotReadBeforeItIsTooOld() {
    answered(SPEND, 1, 0, 99);
    pass(4_999);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    assertThat(statements).hasSize(1);
  }

  @Test
  void whoComesTooLateForTheOldWaitsForTheReadingBehindItAndCannotEndIt() {
    answered(SPEND, 1, 0, 3_000);
    pass(4_000);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    pass(1_001);
    var gone = new CompletableFuture<Void>();
    var late = reports.answer(SPEND, UNSAID, gone).toCompletableFuture();
    assertThat(late).isNotDone();
    gone.complete(null);
    assertThat(statements).hasSize(2);
    assertThat(statements.get(1).unwanted).isNotDone();
    statements.get(1).end(2, 0, 3_000);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(2);
  }

  @Test
  void aReadingIsGivenUpWithTheLastWhoWaitsForIt() {
    var firstGone = new CompletableFuture<Void>();
    var secondGone = new CompletableFuture<Void>();
    var first = reports.answer(SPEND, UNSAID, firstGone).toCompletableFuture();
    var second = reports.answer(SPEND, UNSAID, secondGone).toCompletableFuture();
    firstGone.complete(null);
    assertThatThrownBy(first::join).isInstanceOf(CancellationException.class);
    assertThat(second).isNotDone();
    assertThat(statements.getFirst().unwanted).isNotDone();
    secondGone.completeExceptionally(new IllegalStateException("broken pipe"));
    assertThat(statements.getFirst().unwanted).isCompleted();
    // Who asks now does not wait for what is being given up.
    var third = ask(SPEND, UNSAID);
    assertThat(statements).hasSize(2);
    statements.getFirst().answer.completeExceptionally(new IllegalStateException("cancelled"));
    assertThat(third).isNotDone();
    assertThat(ask(SPEND, UNSAID)).isNotDone();
    assertThat(statements).hasSize(2);
    statements.get(1).end(2, 0, 10);
    assertThat(figure(third)).isEqualTo(2);
  }

  @Test
  void whoWasGoneBeforeIsNotReadFor() {
    var gone = CompletableFuture.<Void>completedFuture(null);
    var answer = reports.answer(SPEND, UNSAID, gone).toCompletableFuture();
    assertThatThrownBy(answer::join).isInstanceOf(CancellationException.class);
    assertThat(statements.getFirst().unwanted).isCompleted();
  }

  @Test
  void aConnectionRemembersNoQuestionThatHasBeenAnswered() {
    var connection = new CompletableFuture<Void>();
    for (int i = 0; i < 50; i++) {
      var _ = reports.answer(SPEND, ANEW, connection);
      statements.getLast().end(i, 0, 10);
      var _ = reports.answer(SPEND, UNSAID, connection);
    }
    assertThat(connection.getNumberOfDependents()).isZero();
  }

  @Test
  void failuresAreForThoseWhoWaitAndAreNotKept() {
    var first = ask(SPEND, UNSAID);
    var second = ask(SPEND, UNSAID);
    var failure = new IllegalStateException("the roll-up is being built");
    statements.getFirst().answer.completeExceptionally(failure);
    assertThat(first).isCompletedExceptionally();
    assertThatThrownBy(second::join).hasCause(failure);
    assertThat(ask(SPEND, UNSAID)).isNotDone();
    assertThat(statements).hasSize(2);
    assertThat(counted.read).hasValue(0);
    assertThat(counted.shared).hasValue(0);
  }

  @Test
  void aReadingBehindAnAnswerThatFailsLeavesTheAnswer() {
    answered(SPEND, 1, 0, 1_000);
    pass(3_000);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    statements.get(1).answer.completeExceptionally(new IllegalStateException("away"));
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    assertThat(statements).as("it is tried again").hasSize(3);
  }

  @Test
  void aReaderThatThrowsIsOneThatFails() {
    reports =
        new SharedReports(
            (_, _) -> {
              throw new IllegalStateException("closed");
            },
            new AnalysisConfig.Sharing(BOUND, 10, 1_000_000),
            time,
            counted);
    assertThatThrownBy(ask(SPEND, UNSAID)::join).hasRootCauseMessage("closed");
    assertThatThrownBy(ask(SPEND, UNSAID)::join).hasRootCauseMessage("closed");
  }

  @Test
  void whoHasNotBeenAskedForTheLongestGoesFirst() {
    reports = keeping(2, 1_000_000);
    answered(SPEND, 1, 0, 10);
    answered(RANKING, 2, 0, 10);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    answered(SEGMENTS, 3, 0, 10);
    assertThat(figure(ask(SPEND, UNSAID))).isEqualTo(1);
    assertThat(figure(ask(SEGMENTS, UNSAID))).isEqualTo(3);
    assertThat(ask(RANKING, UNSAID)).isNotDone();
  }

  @Test
  void theyTakeNoMoreMemoryThanTheyMay() {
    // One row of one number: 48 for the answer, 48 for the row, 56 for the value.
    reports = keeping(100, 2 * 152);
    answered(SPEND, 1, 0, 10);
    answered(RANKING, 2, 0, 10);
    answered(SPEND, 3, 0, 10);
    assertThat(figure(ask(RANKING, UNSAID))).as("one takes the place of its former").isEqualTo(2);
    answered(SEGMENTS, 4, 0, 10);
    assertThat(figure(ask(RANKING, UNSAID))).isEqualTo(2);
    assertThat(ask(SPEND, UNSAID)).isNotDone();
    reports = keeping(100, 151);
    answered(SPEND, 5, 0, 10);
    assertThat(ask(SPEND, UNSAID)).as("too great to be kept").isNotDone();
    reports = keeping(0, 1_000_000);
    answered(SPEND, 6, 0, 10);
    assertThat(ask(SPEND, UNSAID)).isNotDone();
  }

  @Test
  void nothingIsKeptForLongerThanAnybodyMayAllow() {
    answered(SPEND, 1, 0, 10);
    pass(SharedReports.AGE_MAX.toMillis() + 1);
    answered(RANKING, 2, 0, 10);
    // As nobody may: it is the only way to see that it has gone.
    assertThat(ask(SPEND, Optional.of(Duration.ofDays(1)))).isNotDone();
  }

  @Test
  void whatComesToTheSameIsTheSameQuestion() {
    answered(new ReportQuestion(Report.HOURLY_SPEND, null, DAY, null, 50), 1, 0, 10);
    assertThat(
            figure(
                ask(
                    new ReportQuestion(
                        Report.HOURLY_SPEND, DAY.minus(Duration.ofDays(1)), DAY, "total", 50),
                    UNSAID)))
        .isEqualTo(1);
    answered(new ReportQuestion(Report.RFM, null, null, null, 50), 2, 0, 10);
    assertThat(figure(ask(new ReportQuestion(Report.RFM, null, null, null, 7), UNSAID)))
        .as("takes no number of rows")
        .isEqualTo(2);
    answered(question(Report.NEAR_LIMIT, null), 3, 0, 10);
    assertThat(figure(ask(question(Report.NEAR_LIMIT, "headroom"), UNSAID))).isEqualTo(3);
    for (ReportQuestion other :
        List.of(
            new ReportQuestion(Report.HOURLY_SPEND, null, null, null, 50),
            new ReportQuestion(Report.HOURLY_SPEND, null, DAY, "merchant", 50),
            new ReportQuestion(Report.HOURLY_SPEND, null, DAY, null, 51),
            new ReportQuestion(Report.HOURLY_SPEND, null, DAY.plusSeconds(1), null, 50),
            new ReportQuestion(Report.HOURLY_SPEND, DAY.minusSeconds(1), DAY, null, 50),
            question(Report.NEAR_LIMIT, "used"))) {
      assertThat(ask(other, UNSAID)).as(other.toString()).isNotDone();
    }
  }

  /** A caller, and what it is owed by what the class promises. */
  private static final class Caller {
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private CompletableFuture<AnalysisAnswer> answer;
    private Statement waitsFor;
  }

  /** Random histories against what is promised, told anew in the simplest way. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void keepsItsPromisesWhateverTheOrder(int seed) {
    var random = new Random(seed);
    List<ReportQuestion> questions = List.of(SPEND, RANKING, SEGMENTS);
    Map<ReportQuestion, Statement> newest = new HashMap<>();
    Map<ReportQuestion, AnalysisAnswer> youngest = new HashMap<>();
    Map<ReportQuestion, Long> sinceMs = new HashMap<>();
    List<Statement> behind = new ArrayList<>();
    List<Caller> callers = new ArrayList<>();
    for (int step = 0; step < 2_000; step++) {
      String what = "seed " + seed + ", step " + step;
      ReportQuestion question = questions.get(random.nextInt(3)).normalised();
      List<Statement> open = statements.stream().filter(each -> !each.answer.isDone()).toList();
      switch (random.nextInt(6)) {
        case 0, 1, 2 -> {
          long boundMs = List.of(0L, 300L, 2_000L).get(random.nextInt(3));
          AnalysisAnswer last = youngest.get(question);
          long ageMs = last == null ? 0 : last.ageMs() + time.millis() - sinceMs.get(question);
          long keptMs = last == null ? 0 : time.millis() - sinceMs.get(question);
          long givenMs =
              last == null ? 0 : last.ageMs() > boundMs ? boundMs : boundMs - last.ageMs();
          boolean isYoung = last != null && boundMs > 0 && keptMs <= givenMs;
          boolean isJoined = boundMs > 0 && newest.containsKey(question);
          boolean isBehind = isYoung && !isJoined && last.tookMs() >= 100 && keptMs * 2 > givenMs;
          int before = statements.size();
          var caller = new Caller();
          caller.answer =
              reports
                  .answer(question, Optional.of(Duration.ofMillis(boundMs)), caller.gone)
                  .toCompletableFuture();
          boolean isBegun = isBehind || (!isYoung && !isJoined);
          assertThat(statements.size() - before).as(what).isEqualTo(isBegun ? 1 : 0);
          if (isBegun) {
            newest.put(question, statements.getLast());
          }
          if (isBehind) {
            behind.add(statements.getLast());
          }
          if (isYoung) {
            assertThat(caller.answer.join()).as(what).isEqualTo(last.withAgeMs(ageMs));
          } else {
            caller.waitsFor = newest.get(question);
            callers.add(caller);
          }
        }
        case 3 -> {
          if (!callers.isEmpty()) {
            Caller left = callers.remove(random.nextInt(callers.size()));
            left.gone.complete(null);
            assertThat(left.answer).as(what).isCompletedExceptionally();
            boolean isWanted =
                behind.contains(left.waitsFor)
                    || callers.stream().anyMatch(other -> other.waitsFor.equals(left.waitsFor));
            assertThat(left.waitsFor.unwanted.isDone()).as(what).isEqualTo(!isWanted);
            if (!isWanted) {
              boolean _ = newest.remove(left.waitsFor.question, left.waitsFor);
            }
          }
        }
        case 4 -> pass(random.nextInt(400));
        default -> {
          if (!open.isEmpty()) {
            Statement ended = open.get(random.nextInt(open.size()));
            boolean isAnswered = random.nextInt(4) > 0 && !ended.unwanted.isDone();
            boolean _ = newest.remove(ended.question, ended);
            if (isAnswered) {
              AnalysisAnswer answer =
                  answer(ended.question, step, random.nextInt(500), random.nextInt(200));
              AnalysisAnswer last = youngest.get(ended.question);
              if (last == null
                  || answer.ageMs() <= last.ageMs() + time.millis() - sinceMs.get(ended.question)) {
                youngest.put(ended.question, answer);
                sinceMs.put(ended.question, time.millis());
              }
              ended.answer.complete(answer);
            } else {
              ended.answer.completeExceptionally(new IllegalStateException("away"));
            }
            for (Caller caller : List.copyOf(callers)) {
              if (caller.waitsFor.equals(ended)) {
                assertThat(caller.answer).as(what).isDone();
                assertThat(caller.answer.isCompletedExceptionally())
                    .as(what)
                    .isEqualTo(!isAnswered);
                callers.remove(caller);
              }
            }
          }
        }
      }
      assertThat(callers).as(what).allMatch(caller -> !caller.answer.isDone());
    }
    assertThat(counted.shared.get()).isPositive();
    assertThat(behind).isNotEmpty();
  }

  /**
   * Callers on many threads, some of whom leave: whoever stays has an answer, and what is not left
   * by all is not given up.
   */
  @Test
  void whoStaysIsAnsweredWhoeverLeavesMeanwhile() throws Exception {
    var begun = new CopyOnWriteArrayList<Statement>();
    try (ExecutorService server = Executors.newFixedThreadPool(2);
        ExecutorService clients = Executors.newFixedThreadPool(8)) {
      var shared =
          new SharedReports(
              (question, unwanted) -> {
                var statement =
                    new Statement(
                        question, unwanted.toCompletableFuture(), new CompletableFuture<>());
                begun.add(statement);
                // The server answers, or learns first that it need not.
                var _ =
                    unwanted.whenComplete(
                        (_, _) ->
                            statement.answer.completeExceptionally(
                                new IllegalStateException("given up")));
                server.execute(() -> statement.end(1, 0, 200));
                return statement.answer;
              },
              new AnalysisConfig.Sharing(Duration.ofMillis(1), 10, 1_000_000),
              Timekeeper.real(InstantSource.system()),
              counted);
      List<Future<?>> rounds = new ArrayList<>();
      for (int client = 0; client < 8; client++) {
        var random = new Random(client);
        rounds.add(
            clients.submit(
                () -> {
                  for (int i = 0; i < 2_000; i++) {
                    var gone = new CompletableFuture<Void>();
                    Optional<Duration> ageMax = random.nextInt(10) == 0 ? ANEW : UNSAID;
                    var answer = shared.answer(SPEND, ageMax, gone).toCompletableFuture();
                    if (random.nextBoolean()) {
                      gone.complete(null);
                      // Some have their answer just then.
                      assertThat(
                              answer.handle((_, _) -> true).orTimeout(60, TimeUnit.SECONDS).join())
                          .isTrue();
                    } else {
                      assertThat(answer.orTimeout(60, TimeUnit.SECONDS).join().rows()).hasSize(1);
                    }
                  }
                }));
      }
      for (Future<?> round : rounds) {
        var _ = round.get(120, TimeUnit.SECONDS);
      }
    }
    assertThat(begun).allMatch(statement -> statement.answer.isDone());
    assertThat(counted.shared.get()).isPositive();
  }

  private SharedReports keeping(int answersMax, int bytesMax) {
    return new SharedReports(
        this::read, new AnalysisConfig.Sharing(BOUND, answersMax, bytesMax), time, counted);
  }

  private CompletionStage<AnalysisAnswer> read(
      ReportQuestion question, CompletionStage<?> unwanted) {
    var statement =
        new Statement(question, unwanted.toCompletableFuture(), new CompletableFuture<>());
    statements.add(statement);
    return statement.answer;
  }

  private CompletableFuture<AnalysisAnswer> ask(
      ReportQuestion question, Optional<Duration> ageMax) {
    return reports.answer(question, ageMax, new CompletableFuture<Void>()).toCompletableFuture();
  }

  private void answered(ReportQuestion question, long figure, long ageMs, long tookMs) {
    var answer = ask(question, ANEW);
    statements.getLast().end(figure, ageMs, tookMs);
    assertThat(figure(answer)).isEqualTo(figure);
  }

  private void pass(long ms) {
    assertThat(time.await(new CompletableFuture<>(), Duration.ofMillis(ms))).isFalse();
  }

  private static long figure(CompletableFuture<AnalysisAnswer> answer) {
    assertThat(answer).isDone();
    return (Long) answer.join().rows().getFirst().getFirst();
  }

  private static ReportQuestion question(Report report, String by) {
    return new ReportQuestion(report, null, null, by, Report.LIMIT_DEFAULT);
  }

  private static AnalysisAnswer answer(
      ReportQuestion question, long figure, long ageMs, long tookMs) {
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
