package io.spendwatch.actors.exposure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.actors.exposure.Assessment.Duplicate;
import io.spendwatch.actors.exposure.Assessment.Rejected;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.NaiveUser.Version;
import io.spendwatch.actors.exposure.Transition.Ranked;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class UserExposureTest {

  private static final long HOUR_MS = 3_600_000L;
  private static final long DAY_MS = 24 * HOUR_MS;
  private static final long T0 = 1_600_000_000_000L;

  private List<Transition> transitions = List.of();

  @Test
  void staysClearWhenSpendEqualsTheBalance() {
    var user = new Subject(100);
    assertThat(user.purchase("a", T0, 60)).isEqualTo(assessed(Verdict.CLEAR, 60));
    assertThat(user.purchase("b", T0 + 1, 40)).isEqualTo(assessed(Verdict.CLEAR, 100));
    assertThat(transitions).isEmpty();
  }

  @Test
  void raisesOnceWhenSpendExceedsTheBalance() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    assertThat(user.purchase("b", T0 + 1, 41)).isEqualTo(assessed(Verdict.BREACH, 101));
    assertThat(user.purchase("c", T0 + 2, 5)).isEqualTo(assessed(Verdict.BREACH, 106));
    assertThat(transitions)
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.type()).isEqualTo(AlertType.RAISED);
              assertThat(raised.transactionId()).isEqualTo("b");
              assertThat(raised.exposureMinor()).isEqualTo(101);
              assertThat(raised.transactions()).isEqualTo(2);
              assertThat(raised.late()).isFalse();
            });
  }

  @Test
  void forgetsATransactionExactly24HoursOld() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    assertThat(user.purchase("b", T0 + DAY_MS - 1, 30)).isEqualTo(assessed(Verdict.CLEAR, 90));
    assertThat(user.purchase("c", T0 + DAY_MS, 50)).isEqualTo(assessed(Verdict.CLEAR, 80));
  }

  @Test
  void staysInBreachWhenWhatLeavesIsReplacedAtTheSameInstant() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    user.purchase("b", T0 + HOUR_MS, 60);
    assertThat(user.purchase("c", T0 + DAY_MS, 60)).isEqualTo(assessed(Verdict.BREACH, 120));
    assertThat(types()).containsExactly(AlertType.RAISED);
  }

  @Test
  void clearsAtTheInstantAtWhichTheExposureDippedInBetween() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    user.purchase("b", T0 + HOUR_MS, 60);
    user.purchase("c", T0 + DAY_MS + 1, 60);
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED, AlertType.RAISED);
    assertThat(transitions.get(1).atMs()).isEqualTo(T0 + DAY_MS);
    assertThat(transitions.get(1).cause()).isEqualTo(AlertCause.EXPIRY);
    assertThat(transitions.get(1).exposureMinor()).isEqualTo(60);
    assertThat(transitions.get(1).transactionId()).isNull();
  }

  @Test
  void clearsByRefundWithItsTransaction() {
    var user = new Subject(100);
    user.purchase("a", T0, 130);
    user.refund("r", T0 + 5, 30);
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);
    assertThat(transitions.get(1).cause()).isEqualTo(AlertCause.REFUND);
    assertThat(transitions.get(1).transactionId()).isEqualTo("r");
    assertThat(transitions.get(1).episodeId()).isEqualTo(transitions.get(0).episodeId());
  }

  @Test
  void theExpiryOfARefundOpensNothing() {
    var user = new Subject(100);
    user.refund("r", T0, 50);
    user.purchase("a", T0 + HOUR_MS, 140);
    user.stored.advance(T0 + DAY_MS + HOUR_MS / 2);
    assertThat(transitions).isEmpty();
    assertThat(user.purchase("b", T0 + DAY_MS + HOUR_MS / 2, 1))
        .isEqualTo(assessed(Verdict.BREACH, 141));
    assertThat(types()).containsExactly(AlertType.RAISED);
  }

  @Test
  void anIdleUsersEpisodeEndsOnceStreamTimeHasPassedItsEnd() {
    var user = new Subject(100);
    user.purchase("a", T0, 130);
    assertThat(user.stored.exposure().wakeAtMs()).isEqualTo(T0 + DAY_MS);
    user.stored.advance(T0 + DAY_MS);
    assertThat(types()).containsExactly(AlertType.RAISED);
    user.stored.advance(T0 + DAY_MS + 1);
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);
    assertThat(transitions.getLast().atMs()).isEqualTo(T0 + DAY_MS);
  }

  @Test
  void aLateRecordRaisesWhatBecomesVisibleOnlyNow() {
    var user = new Subject(100);
    user.purchase("a", T0, 60);
    user.purchase("b", T0 + 2 * HOUR_MS, 30);
    assertThat(user.purchase("late", T0 + HOUR_MS, 20)).isEqualTo(assessed(Verdict.CLEAR, 80));
    assertThat(transitions)
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.late()).isTrue();
              assertThat(raised.atMs()).isEqualTo(T0 + 2 * HOUR_MS);
              assertThat(raised.exposureMinor()).isEqualTo(110);
              assertThat(raised.transaction()).isEqualTo(new Ranked(0));
              assertThat(raised.revealedBy()).isEqualTo("late");
            });
  }

  @Test
  void aLateRefundEndsTheEpisodeWhereItTookPlace() {
    var user = new Subject(100);
    user.purchase("a", T0, 130);
    user.purchase("b", T0 + 2 * HOUR_MS, 1);
    assertThat(user.refund("r", T0 + HOUR_MS, 50)).isEqualTo(assessed(Verdict.CLEAR, 80));
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);
    assertThat(transitions.getLast().atMs()).isEqualTo(T0 + HOUR_MS);
    assertThat(transitions.getLast().late()).isTrue();
    assertThat(transitions.getLast().cause()).isEqualTo(AlertCause.REFUND);
  }

  @Test
  void aRecordOneDayBehindIsTooLate() {
    var user = new Subject(100);
    user.purchase("a", T0, 10);
    user.purchase("b", T0 + DAY_MS, 20);
    assertThat(user.purchase("c", T0, 5)).isEqualTo(assessed(Verdict.TOO_LATE, 15));
    assertThat(user.purchase("d", T0 + 1, 5)).isEqualTo(assessed(Verdict.CLEAR, 20));
  }

  @Test
  void aDuplicateCountsOnceEvenWithAnotherTime() {
    var user = new Subject(100);
    user.purchase("a", T0, 10);
    assertThat(user.purchase("a", T0, 10)).isEqualTo(new Duplicate());
    assertThat(user.purchase("a", T0 + 5, 10)).isEqualTo(new Duplicate());
    assertThat(user.purchase("b", T0 + 6, 1)).isEqualTo(assessed(Verdict.CLEAR, 11));
  }

  @Test
  void anotherCurrencyIsRejected() {
    var user = new Subject(100);
    assertThat(user.assess(transaction("a", T0, 10, TransactionKind.PURCHASE, "EUR")))
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected ->
                assertThat(rejected.reason()).isEqualTo(DeadLetterReason.CURRENCY_MISMATCH));
  }

  @Test
  void anOverflowIsAnErrorAndNotAWrap() {
    var user = new Subject(Long.MAX_VALUE);
    assertThat(user.purchase("a", T0, Long.MAX_VALUE))
        .isEqualTo(assessed(Verdict.CLEAR, Long.MAX_VALUE));
    assertThat(user.purchase("b", T0, 1))
        .isInstanceOfSatisfying(
            Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(DeadLetterReason.BAD_AMOUNT));
  }

  @Test
  void anOverflowAmongTooLateRecordsIsAnErrorToo() {
    var user = new Subject(100);
    long longAgoMs = T0 - 4 * DAY_MS;
    user.purchase("now", T0, 1);
    assertThat(user.purchase("a", longAgoMs, Long.MAX_VALUE - 1))
        .isEqualTo(assessed(Verdict.TOO_LATE, Long.MAX_VALUE - 1));
    assertThat(user.purchase("b", longAgoMs, 2)).isInstanceOf(Rejected.class);
    // In nobody's window yet; from now on the stored sum at the first one's instant is too large.
    assertThat(user.purchase("c", longAgoMs - HOUR_MS, 1_000))
        .isEqualTo(assessed(Verdict.TOO_LATE, 1_000));
    for (long amountMinor : new long[] {1, 2_000}) {
      assertThat(user.refund("r" + amountMinor, longAgoMs, amountMinor))
          .isInstanceOfSatisfying(
              Rejected.class,
              rejected -> assertThat(rejected.reason()).isEqualTo(DeadLetterReason.BAD_AMOUNT));
    }
  }

  @Test
  void aRefundOfTheMostThereIsIsCounted() {
    var user = new Subject(Long.MAX_VALUE);
    user.purchase("a", T0, Long.MAX_VALUE);
    assertThat(user.refund("r", T0 + 1, Long.MAX_VALUE))
        .isInstanceOfSatisfying(
            Stored.class, assessed -> assertThat(assessed.exposureMinor()).isZero());
  }

  @Test
  void noAlertRestsOnAStaleBalance() {
    var user = new Subject(100);
    user.stored.store(version(2, T0 - 1, 1_000));
    assertThat(user.purchase("a", T0, 500))
        .isEqualTo(new Stored(Verdict.CLEAR, 500, new AccountBalance(1_000, "USD", 2, T0 - 1), 2));
    assertThat(transitions).isEmpty();
    assertThat(user.stored.versionReads()).isEqualTo(1);
  }

  @Test
  void aTopUpEndsTheEpisodeAndADropRaisesEachAtItsOwnInstant() {
    for (boolean together : new boolean[] {true, false}) {
      var user = new Subject(200);
      user.purchase("a", T0, 100);
      var drop = version(2, T0 + 60_000, 50);
      var topUp = version(3, T0 + 120_000, 500);
      if (together) {
        user.stored.learn(List.of(drop, topUp), T0);
      } else {
        user.stored.learn(List.of(drop), T0);
        user.stored.advance(T0 + 90_000);
        user.stored.learn(List.of(topUp), T0 + 90_000);
      }
      user.stored.advance(T0 + 120_001);
      transitions = user.stored.transitions();
      assertThat(transitions)
          .extracting(
              Transition::type, Transition::atMs, Transition::cause, Transition::transactionId)
          .containsExactly(
              tuple(AlertType.RAISED, T0 + 60_000, AlertCause.BALANCE, null),
              tuple(AlertType.CLEARED, T0 + 120_000, AlertCause.BALANCE, null));
      assertThat(transitions).noneMatch(Transition::late);
    }
  }

  @Test
  void aVersionThatComesLateHasWhatItCoversLookedAtAgain() {
    var user = new Subject(200);
    user.purchase("a", T0, 100);
    user.purchase("b", T0 + HOUR_MS, 10);
    user.stored.learn(List.of(version(2, T0 + 60_000, 50)), T0 + HOUR_MS);
    transitions = user.stored.transitions();
    assertThat(transitions)
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.late()).isTrue();
              assertThat(raised.revealedBy()).isNull();
              assertThat(raised.cause()).isEqualTo(AlertCause.BALANCE);
              assertThat(raised.atMs()).isEqualTo(T0 + 60_000);
            });
  }

  /** The first ends the open episode at its own start; the second opens another one there. */
  @Test
  void eachVersionOfOneInstantThatComesLateIsAPoint() {
    var user = new Subject(100);
    user.purchase("a", T0, 150);
    user.stored.learn(
        List.of(version(2, T0, 200), version(3, T0, 50), version(4, T0, 300)), T0 + HOUR_MS);
    transitions = user.stored.transitions();
    assertThat(transitions)
        .extracting(Transition::type, Transition::atMs, Transition::cause)
        .containsExactly(
            tuple(AlertType.RAISED, T0, null),
            tuple(AlertType.CLEARED, T0, AlertCause.BALANCE),
            tuple(AlertType.RAISED, T0, AlertCause.BALANCE),
            tuple(AlertType.CLEARED, T0, AlertCause.BALANCE));
    int told = transitions.size();
    user.stored.restart(T0 + HOUR_MS);
    assertThat(user.stored.transitions()).hasSize(told);
  }

  /** An episode of one instant had covered both: the second was told after a restart only. */
  @Test
  void aBreachThatALateRecordProlongedHidesNoOtherOfItsLastInstant() {
    var user = new Subject(86);
    user.stored.learn(
        List.of(version(2, T0, 187), version(3, T0, 150), version(4, T0, 226)), T0 - DAY_MS);
    user.purchase("a", T0, 96);
    user.stored.advance(T0 + HOUR_MS);
    user.streamTimeMs = T0 + HOUR_MS;
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);

    user.purchase("late", T0 - HOUR_MS, 90);

    transitions = user.stored.transitions();
    assertThat(transitions.subList(2, transitions.size()))
        .extracting(Transition::type, Transition::atMs, t -> t.balance().version())
        .containsExactly(tuple(AlertType.RAISED, T0, 3L), tuple(AlertType.CLEARED, T0, 4L));
    int told = transitions.size();
    user.stored.restart(T0 + HOUR_MS);
    assertThat(user.stored.transitions()).hasSize(told);
  }

  /** In hindsight it began without a breach: a start had ended it, and raised another. */
  @Test
  void anEpisodeThatAReviewHasGivenToALaterBreachIsThatAfterAStart() {
    var user = new Subject(100);
    user.purchase("a", T0, 150);
    user.streamTimeMs = T0 + 4 * HOUR_MS;
    user.stored.learn(
        List.of(version(2, T0 + 2 * HOUR_MS, 110), version(3, T0 + 2 * HOUR_MS, 20)),
        T0 + 4 * HOUR_MS);
    user.refund("late", T0 - HOUR_MS, 60);
    assertThat(types()).containsExactly(AlertType.RAISED);
    user.stored.restart(T0 + 4 * HOUR_MS);
    assertThat(types()).containsExactly(AlertType.RAISED);
  }

  @Test
  void aTransactionIsHeldAgainstTheVersionBeforeItsOwnInstant() {
    var user = new Subject(100);
    user.stored.learn(List.of(version(2, T0, 10), version(3, T0, 20)), T0);
    assertThat(((Stored) user.purchase("a", T0, 1)).balance().version()).isEqualTo(1);
    assertThat(((Stored) user.purchase("b", T0 + 1, 1)).balance().version()).isEqualTo(3);
  }

  @Test
  void anAccountThatAppearsRevealsWhatItWouldHaveRaised() {
    var user = new Subject(List.of());
    assertThat(user.purchase("a", T0, 150)).isEqualTo(new Stored(Verdict.NO_ACCOUNT, 150, null, 0));
    user.stored.learn(List.of(version(1, T0 + 5, 100)), T0);
    transitions = user.stored.transitions();
    assertThat(transitions)
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.type()).isEqualTo(AlertType.RAISED);
              assertThat(raised.atMs()).isEqualTo(T0);
              assertThat(raised.late()).isTrue();
            });
  }

  @Test
  void idsInAnotherCurrencyStayKnown() {
    var user = new Subject(100);
    user.purchase("a", T0, 10);
    user.stored.learn(List.of(new Version(2, T0 + 1, 100, "EUR", false)), T0);
    assertThat(user.assess(transaction("b", T0 + 2, 5, TransactionKind.PURCHASE, "EUR")))
        .isInstanceOfSatisfying(
            Stored.class, assessed -> assertThat(assessed.exposureMinor()).isEqualTo(5));
    assertThat(user.assess(transaction("a", T0 + 3, 10, TransactionKind.PURCHASE, "EUR")))
        .isEqualTo(new Duplicate());
  }

  /** Four pairs, without bound, before: each late record announced the same again. */
  @Test
  void aBreachOfOneInstantIsAnnouncedOnce() {
    var user = new Subject(100);
    user.purchase("a", T0, 90);
    user.purchase("b", T0, 20);
    user.refund("c", T0, 50);
    for (int i = 1; i <= 3; i++) {
      user.purchase("late" + i, T0 - i * HOUR_MS, 1);
    }
    assertThat(types()).containsExactly(AlertType.RAISED, AlertType.CLEARED);
  }

  @Test
  void aLateRefundThatSplitsAnEndedEpisodeRaisesNothingAgain() {
    var user = new Subject(100);
    user.purchase("a", T0, 120);
    user.purchase("b", T0 + 5 * HOUR_MS, 90);
    user.stored.advance(T0 + 30 * HOUR_MS);
    user.purchase("c", T0 + 30 * HOUR_MS, 1);
    int told = user.stored.transitions().size();
    user.refund("late", T0 + 7 * HOUR_MS, 150);
    assertThat(user.stored.transitions()).hasSize(told);
  }

  private List<AlertType> types() {
    return transitions.stream().map(Transition::type).toList();
  }

  private static Stored assessed(Verdict verdict, long exposureMinor) {
    boolean isMost = verdict == Verdict.CLEAR && exposureMinor == Long.MAX_VALUE;
    return new Stored(
        verdict, exposureMinor, new AccountBalance(isMost ? Long.MAX_VALUE : 100, "USD", 1, 0), 1);
  }

  private static Version version(long number, long asOfMs, long balanceMinor) {
    return new Version(number, asOfMs, balanceMinor, "USD", false);
  }

  private static Transaction transaction(
      String id, long atMs, long amountMinor, TransactionKind kind, String currency) {
    return new Transaction(id, "u", amountMinor, currency, atMs, kind, null, null);
  }

  /**
   * A user, as its partition goes about it: what was announced so far is in {@code transitions}.
   */
  private final class Subject {
    final StoredUser stored = new StoredUser();
    long streamTimeMs = Long.MIN_VALUE;

    Subject(long balanceMinor) {
      this(List.of(version(1, 0, balanceMinor)));
    }

    Subject(List<Version> versions) {
      stored.learn(versions, streamTimeMs);
      transitions = stored.transitions();
    }

    Assessment purchase(String id, long atMs, long amountMinor) {
      return assess(transaction(id, atMs, amountMinor, TransactionKind.PURCHASE, "USD"));
    }

    Assessment refund(String id, long atMs, long amountMinor) {
      return assess(transaction(id, atMs, amountMinor, TransactionKind.REFUND, "USD"));
    }

    Assessment assess(Transaction transaction) {
      Assessment assessment = stored.assess(transaction, streamTimeMs);
      streamTimeMs = Math.max(streamTimeMs, transaction.eventTimeMs());
      return assessment;
    }
  }
}
