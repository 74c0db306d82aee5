package io.spendwatch.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.Oracle.Counted;
import io.spendwatch.loadgen.Oracle.Duplicate;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Cases computed by hand; the balance is 100 throughout, times are milliseconds from T. */
class OracleTest {

  private static final long T = 1_700_000_000_000L;
  private static final long H24 = 86_400_000;

  private final Oracle oracle = new Oracle();
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
        .containsExactly(raised("t2", 10, 120), late(cleared("t3", 10, 90, AlertCause.REFUND)));
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
