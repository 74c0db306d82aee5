package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SharedReportsTest extends SharedReportsBed {
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
    assertThat(statements.get(1).unwanted()).isNotDone();
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
    assertThat(statements.getFirst().unwanted()).isNotDone();
    secondGone.completeExceptionally(new IllegalStateException("broken pipe"));
    assertThat(statements.getFirst().unwanted()).isCompleted();
    // Who asks now does not wait for what is being given up.
    var third = ask(SPEND, UNSAID);
    assertThat(statements).hasSize(2);
    statements.getFirst().answer().completeExceptionally(new IllegalStateException("cancelled"));
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
    assertThat(statements.getFirst().unwanted()).isCompleted();
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
    statements.getFirst().answer().completeExceptionally(failure);
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
    statements.get(1).answer().completeExceptionally(new IllegalStateException("away"));
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
}
