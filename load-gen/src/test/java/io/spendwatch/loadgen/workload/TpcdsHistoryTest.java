package io.spendwatch.loadgen.workload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.dataset.DataSet;
import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TpcdsHistoryTest {

  private static final TpcdsHistory HISTORY = TpcdsHistory.generate(0.01, 1);

  @Test
  void makesAPurchaseOfEachTicketAndARefundOfEachReturn() {
    List<Transaction> purchases = ofKind(TransactionKind.PURCHASE);
    List<Transaction> refunds = ofKind(TransactionKind.REFUND);

    assertThat(purchases)
        .hasSize(10_000)
        .extracting(Transaction::transactionId)
        .doesNotHaveDuplicates();
    assertThat(refunds)
        .hasSizeGreaterThan(10_000)
        .extracting(Transaction::transactionId)
        .doesNotHaveDuplicates();
    assertThat(refunds).allMatch(refund -> refund.originalTransactionId().startsWith("tps-"));
    assertThat(HISTORY.transactions())
        .allMatch(transaction -> transaction.amountMinor() > 0)
        .isSortedAccordingTo(Comparator.comparingLong(Transaction::eventTimeMs));
  }

  /** Ticket 1 of 14 lines and its return of item 404, read off the tables' rows. */
  @Test
  void sumsATicketsLines() {
    assertThat(HISTORY.transactions())
        .contains(
            new Transaction(
                "tps-1",
                "K6",
                3_708_965,
                "USD",
                EventTime.parseMs("2000-09-25T18:11:35Z"),
                TransactionKind.PURCHASE,
                "store 2",
                null),
            new Transaction(
                "tpr-1-404",
                "K6",
                4_058,
                "USD",
                EventTime.parseMs("2001-03-15T12:53:38Z"),
                TransactionKind.REFUND,
                "store 2",
                "tps-1"));
  }

  @Test
  void knowsAnAccountForEachUserAndLetsSomeBreach() {
    var oracle = new Oracle();
    HISTORY.accounts().forEach(a -> oracle.account(a.userId(), a.assignedMinor()));
    long breaches =
        HISTORY.transactions().stream()
            .filter(transaction -> ((Oracle.Counted) oracle.arrive(transaction)).breach())
            .count();

    assertThat(HISTORY.accounts().stream().map(DataSet.Account::userId).collect(Collectors.toSet()))
        .containsAll(HISTORY.transactions().stream().map(Transaction::userId).toList());
    assertThat(breaches).isBetween(20L, 200L);
  }

  @Test
  void isTheSameEachTimeAndTheSeedChangesBalancesOnly() {
    TpcdsHistory other = TpcdsHistory.generate(0.01, 2);

    assertThat(TpcdsHistory.generate(0.01, 1)).isEqualTo(HISTORY);
    assertThat(other.transactions()).isEqualTo(HISTORY.transactions());
    assertThat(other.accounts()).isNotEqualTo(HISTORY.accounts());
  }

  private List<Transaction> ofKind(TransactionKind kind) {
    return HISTORY.transactions().stream().filter(t -> t.kind() == kind).toList();
  }
}
