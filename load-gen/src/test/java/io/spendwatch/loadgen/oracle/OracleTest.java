package io.spendwatch.loadgen.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.oracle.Oracle.Counted;
import io.spendwatch.loadgen.oracle.Oracle.Duplicate;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Cases computed by hand; the balance is 100 but where a case says so, times are milliseconds from
 * T.
 */
class OracleTest {

  private static final long T = 1_700_000_000_000L;
  private static final long H24 = 86_400_000;

  private final Oracle oracle = new Oracle();
  private final Map<String, Integer> ids = new HashMap<>();
  private int transactions;

  @BeforeEach
  void openAccount() {
    oracle.account("u", 100);
  }

  @Test
  void staysClearWhenSpendEqualsTheBalance() {
    assertThat(purchase(0, 60)).isEqualTo(new Counted(60, 100L));
    assertThat(purchase(1, 40).breach()).isFalse();
    assertThat(purchase(2, 1).breach()).isTrue();
    assertThat(oracle.alerts())
        .containsExactly(raised("t3", 2, 101), cleared(null, H24, 41, AlertCause.EXPIRY));
  }

  @Test
  void forgetsATransactionExactly24HoursOldAndNoSooner() {
    purchase(0, 60);

    assertThat(purchase(H24 - 1, 1).exposureMinor()).isEqualTo(61);
    assertThat(purchase(H24, 1).exposureMinor()).isEqualTo(2);
  }

  @Test
  void countsOnlyWhatArrivedSoFarInTheSameMillisecond() {
    assertThat(purchase(0, 60).exposureMinor()).isEqualTo(60);
    assertThat(purchase(0, 60).exposureMinor()).isEqualTo(120);
    assertThat(refund(0, 20).exposureMinor()).isEqualTo(100);
    assertThat(oracle.alerts())
        .containsExactly(raised("t2", 0, 120), cleared("t3", 0, 100, AlertCause.REFUND));
  }

  @Test
  void clearsAtTheInstantBetweenTwoTransactionsAndRaisesAnew() {
    purchase(0, 101);
    purchase(H24 + 5, 200);

    assertThat(oracle.alerts())
        .containsExactly(
            raised("t1", 0, 101),
            cleared(null, H24, 0, AlertCause.EXPIRY),
            raised("t2", H24 + 5, 200),
            cleared(null, 2 * H24 + 5, 0, AlertCause.EXPIRY));
  }

  @Test
  void takesWhatLeavesAtTheVeryInstantTogetherWithTheTransaction() {
    purchase(0, 101);
    purchase(H24, 102);
    assertThat(oracle.alerts())
        .as("one episode goes on")
        .containsExactly(raised("t1", 0, 101), cleared(null, 2 * H24, 0, AlertCause.EXPIRY));
  }

  @Test
  void clearsWithThePurchaseAtWhoseInstantEntriesLeave() {
    purchase(0, 101);
    purchase(H24, 1);

    assertThat(oracle.alerts())
        .containsExactly(raised("t1", 0, 101), cleared("t2", H24, 1, AlertCause.EXPIRY));
  }

  @Test
  void opensNoEpisodeWhenARefundLeavesTheWindow() {
    refund(0, 50);
    purchase(1, 140);
    assertThat(oracle.alerts()).as("140 from H24 on, and no transaction").isEmpty();
  }

  @Test
  void raisesAtTheNextTransactionAfterARefundHasLeft() {
    refund(0, 50);
    purchase(1, 140);
    purchase(H24, 1);

    assertThat(oracle.alerts())
        .containsExactly(raised("t3", H24, 141), cleared(null, H24 + 1, 1, AlertCause.EXPIRY));
  }

  @Test
  void countsADuplicateOnceWhereverItComes() {
    purchase(0, 60);
    purchase(1, 10);
    var again = transaction("t1", 0, 60, TransactionKind.PURCHASE);

    assertThat(oracle.arrive(again)).isEqualTo(new Duplicate());
    assertThat(purchase(2, 1).exposureMinor()).isEqualTo(71);
  }

  @Test
  void givesALateOneTheExposureAtItsOwnEventTime() {
    purchase(10, 60);
    assertThat(purchase(5, 7).exposureMinor()).isEqualTo(7);
    assertThat(purchase(10, 1).exposureMinor()).isEqualTo(68);
  }

  @Test
  void raisesLateWhatALateOneRevealsAtALaterOne() {
    purchase(0, 40);
    purchase(10, 40);
    purchase(5, 30);

    assertThat(oracle.alertsSoFar()).containsExactly(late(raised("t2", 10, 110)));
  }

  @Test
  void raisesALateOneThatBreachesItselfAtItsOwnTime() {
    purchase(0, 40);
    purchase(10, 40);
    purchase(5, 70);
    refund(20, 60);

    assertThat(oracle.alertsSoFar())
        .containsExactly(late(raised("t3", 5, 110)), cleared("t4", 20, 90, AlertCause.REFUND));
  }

  @Test
  void endsWhatALateOneRevealsWhereItHadEnded() {
    purchase(0, 40);
    purchase(10, 40);
    refund(20, 40);
    purchase(5, 30);

    assertThat(oracle.alertsSoFar())
        .containsExactly(
            late(raised("t2", 10, 110)), late(cleared("t3", 20, 70, AlertCause.REFUND)));
  }

  @Test
  void endsAnEpisodeAtItsOwnStartThatALateRefundLeavesNothingOf() {
    purchase(0, 60);
    purchase(10, 60);
    refund(5, 30);

    assertThat(oracle.alertsSoFar())
        .containsExactly(raised("t2", 10, 120), late(cleared("t2", 10, 90, AlertCause.REFUND)));
  }

  @Test
  void announcesOnlyWhatALateOneAddsToAnEpisodeThatHasEnded() {
    purchase(0, 60);
    purchase(10, 60);
    refund(20, 30);
    purchase(30, 5);
    refund(40, 90);
    purchase(5, 50);

    assertThat(oracle.alertsSoFar())
        .containsExactly(
            raised("t2", 10, 120),
            cleared("t3", 20, 90, AlertCause.REFUND),
            late(raised("t3", 20, 140)),
            late(cleared("t5", 40, 55, AlertCause.REFUND)));
  }

  @Test
  void saysNothingOfALateOneThatChangesNoBreach() {
    purchase(0, 60);
    purchase(10, 60);
    purchase(5, 1);
    purchase(-5, 1);

    assertThat(oracle.alertsSoFar()).containsExactly(raised("t2", 10, 120));
  }

  @Test
  void knowsNoBreachWithoutAnAccount() {
    var stranger =
        new Transaction("t", "nobody", 1_000, "USD", T, TransactionKind.PURCHASE, null, null);

    assertThat(oracle.arrive(stranger)).isEqualTo(new Counted(1_000, null));
    assertThat(oracle.alerts()).isEmpty();
  }

  @Test
  void everyVersionIsAPointOfItsOwn() {
    balance("v", -H24, 1000);
    arriveOf("v", 0, 100);
    balance("v", 60_000, 50);
    balance("v", 120_000, 500);

    assertThat(oracle.alerts())
        .containsExactly(
            of("v", AlertType.RAISED, null, 60_000, 100, 50, AlertCause.BALANCE),
            of("v", AlertType.CLEARED, null, 120_000, 100, 500, AlertCause.BALANCE));
  }

  @Test
  void versionsSayTheSameWhetherTheyComeBeforeTheTransactionOrAfterALaterOne() {
    balance("before", -H24, 1000);
    balance("before", 60_000, 50);
    balance("before", 120_000, 500);
    arriveOf("before", 0, 100);
    assertThat(arriveOf("before", 200_000, 1)).isEqualTo(new Counted(101, 500L));

    balance("late", -H24, 1000);
    arriveOf("late", 0, 100);
    assertThat(arriveOf("late", 200_000, 1)).isEqualTo(new Counted(101, 1000L));
    balance("late", 60_000, 50);
    balance("late", 120_000, 500);

    assertThat(oracle.alerts())
        .containsExactly(
            of("before", AlertType.RAISED, null, 60_000, 100, 50, AlertCause.BALANCE),
            of("before", AlertType.CLEARED, null, 120_000, 100, 500, AlertCause.BALANCE),
            late(of("late", AlertType.RAISED, null, 60_000, 100, 50, AlertCause.BALANCE)),
            late(of("late", AlertType.CLEARED, null, 120_000, 100, 500, AlertCause.BALANCE)));
  }

  @Test
  void holdsATransactionAgainstTheVersionBeforeItsInstant() {
    balance("v", 10, 10);
    balance("v", 20, 20);
    balance("v", 20, 25);
    balance("v", 15, 15);

    assertThat(arriveOf("v", 5, 1).balanceMinor()).as("before all: the first").isEqualTo(10);
    assertThat(arriveOf("v", 15, 1).balanceMinor()).isEqualTo(10);
    assertThat(arriveOf("v", 20, 1).balanceMinor()).isEqualTo(15);
    assertThat(arriveOf("v", 21, 1).balanceMinor()).as("the later of equal ones").isEqualTo(25);
    assertThat(oracle.alerts()).isEmpty();
  }

  @Test
  void dealsWithTheTransactionsOfAnInstantBeforeItsVersionAndWithWhatLeavesBeforeBoth() {
    balance("v", -H24, 100);
    arriveOf("v", 0, 90);
    arriveOf("v", 10, 20);
    balance("v", 10, 200);
    balance("v", H24, 15);
    arriveOf("v", H24 + 5, 1);

    assertThat(oracle.alerts())
        .containsExactly(
            of("v", AlertType.RAISED, "t2", 10, 110, 100, null),
            of("v", AlertType.CLEARED, null, 10, 110, 200, AlertCause.BALANCE),
            of("v", AlertType.RAISED, null, H24, 20, 15, AlertCause.BALANCE),
            of("v", AlertType.CLEARED, null, H24 + 10, 1, 15, AlertCause.EXPIRY));
  }

  @Test
  void theEqualInstantsVersionsAreDealtWithInOrder() {
    balance("v", -H24, 100);
    arriveOf("v", 0, 90);
    balance("v", 10, 50);
    balance("v", 10, 200);

    assertThat(oracle.alerts())
        .containsExactly(
            of("v", AlertType.RAISED, null, 10, 90, 50, AlertCause.BALANCE),
            of("v", AlertType.CLEARED, null, 10, 90, 200, AlertCause.BALANCE));
  }

  @Test
  void aVersionOpensNoEpisodeWithoutTransactions() {
    balance("v", 0, 100);
    balance("v", 10, -5);
    assertThat(oracle.alerts()).isEmpty();

    balance("w", 0, -5);
    arriveOf("w", 10, 1);
    balance("w", 20, 0);
    balance("w", 30, 2);
    assertThat(oracle.alerts())
        .containsExactly(
            of("w", AlertType.RAISED, "t1", 10, 1, -5, null),
            of("w", AlertType.CLEARED, null, 30, 1, 2, AlertCause.BALANCE));
  }

  @Test
  void aRepeatedVersionChangesNothing() {
    balance("v", -H24, 100);
    balance("v", 10, 50);
    balance("v", 10, 60);
    arriveOf("v", 5, 55);
    balance("v", 10, 50);
    balance("v", -H24, 100);

    assertThat(arriveOf("v", 20, 1).balanceMinor()).isEqualTo(60);
    assertThat(oracle.alertsSoFar())
        .containsExactly(
            of("v", AlertType.RAISED, null, 10, 55, 50, AlertCause.BALANCE),
            of("v", AlertType.CLEARED, null, 10, 55, 60, AlertCause.BALANCE));
  }

  @Test
  void anAccountThatComesAfterTheTransactionsRaisesWhatItWouldHaveRaised() {
    assertThat(arriveOf("v", 0, 60)).isEqualTo(new Counted(60, null));
    arriveOf("v", 10, 60);
    arriveOf("v", H24 + 5, 1);
    assertThat(oracle.alertsSoFar()).isEmpty();
    balance("v", H24 + 20, 100);

    assertThat(oracle.alertsSoFar())
        .as("24 h back from the latest transaction: what is before stays as it was")
        .containsExactly(
            late(of("v", AlertType.RAISED, "t2", 10, 120, 100, null)),
            late(of("v", AlertType.CLEARED, null, H24, 60, 100, AlertCause.EXPIRY)));
  }

  @Test
  void aLateTopUpEndsTheOpenEpisodeWhereItWouldHaveEnded() {
    balance("v", -H24, 100);
    arriveOf("v", 0, 150);
    arriveOf("v", 100, 1);
    balance("v", 50, 500);

    assertThat(oracle.alertsSoFar())
        .containsExactly(
            of("v", AlertType.RAISED, "t1", 0, 150, 100, null),
            late(of("v", AlertType.CLEARED, null, 50, 150, 500, AlertCause.BALANCE)));
  }

  @Test
  void aLateTopUpFromBeforeTheEpisodeLeavesNothingOfIt() {
    balance("v", -H24, 100);
    arriveOf("v", 0, 50);
    arriveOf("v", 100, 60);
    balance("v", 50, 500);

    assertThat(oracle.alertsSoFar())
        .containsExactly(
            of("v", AlertType.RAISED, "t2", 100, 110, 100, null),
            late(of("v", AlertType.CLEARED, "t2", 100, 110, 500, AlertCause.BALANCE)));
  }

  private void balance(String userId, long asOf, long balanceMinor) {
    oracle.balance(userId, T + asOf, balanceMinor);
  }

  private Counted arriveOf(String userId, long afterMs, long amountMinor) {
    String id = "t" + ids.merge(userId, 1, Integer::sum);
    return (Counted)
        oracle.arrive(
            new Transaction(
                id, userId, amountMinor, "USD", T + afterMs, TransactionKind.PURCHASE, null, null));
  }

  private static KnownAlert of(
      String userId,
      AlertType type,
      String transactionId,
      long afterMs,
      long exposureMinor,
      long balanceMinor,
      AlertCause cause) {
    return new KnownAlert(
        type, userId, transactionId, T + afterMs, exposureMinor, balanceMinor, false, cause);
  }

  private Counted purchase(long afterMs, long amountMinor) {
    return arrive(afterMs, amountMinor, TransactionKind.PURCHASE);
  }

  private Counted refund(long afterMs, long amountMinor) {
    return arrive(afterMs, amountMinor, TransactionKind.REFUND);
  }

  private Counted arrive(long afterMs, long amountMinor, TransactionKind kind) {
    transactions++;
    return (Counted) oracle.arrive(transaction("t" + transactions, afterMs, amountMinor, kind));
  }

  private static Transaction transaction(
      String id, long afterMs, long amountMinor, TransactionKind kind) {
    return new Transaction(id, "u", amountMinor, "USD", T + afterMs, kind, null, null);
  }

  private static KnownAlert raised(String transactionId, long afterMs, long exposureMinor) {
    return new KnownAlert(
        AlertType.RAISED, "u", transactionId, T + afterMs, exposureMinor, 100, false, null);
  }

  private static KnownAlert cleared(
      String transactionId, long afterMs, long exposureMinor, AlertCause cause) {
    return new KnownAlert(
        AlertType.CLEARED, "u", transactionId, T + afterMs, exposureMinor, 100, false, cause);
  }

  private static KnownAlert late(KnownAlert alert) {
    return new KnownAlert(
        alert.type(),
        alert.userId(),
        alert.transactionId(),
        alert.eventTimeMs(),
        alert.exposureMinor(),
        alert.balanceMinor(),
        true,
        alert.cause());
  }
}
