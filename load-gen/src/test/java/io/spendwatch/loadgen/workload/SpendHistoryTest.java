package io.spendwatch.loadgen.workload;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.dataset.CsvReader;
import io.spendwatch.loadgen.dataset.DataSet;
import io.spendwatch.loadgen.dataset.Replay;
import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpendHistoryTest {

  private static final SpendHistory.Settings IN_ORDER =
      new SpendHistory.Settings(
          200, 10_000, Duration.ofDays(4), 0.15, 0, Duration.ofHours(1), 0, 7);
  private static final SpendHistory.Settings DISORDERED =
      new SpendHistory.Settings(
          200, 10_000, Duration.ofDays(4), 0.15, 0.2, Duration.ofHours(1), 0.1, 7);

  @TempDir private Path folder;

  @Test
  void isTheSameForTheSameSeedAndAnotherForAnother() {
    var otherSeed =
        new SpendHistory.Settings(
            200, 10_000, Duration.ofDays(4), 0.15, 0, Duration.ofHours(1), 0, 8);

    assertThat(SpendHistory.generate(IN_ORDER)).isEqualTo(SpendHistory.generate(IN_ORDER));
    assertThat(SpendHistory.generate(IN_ORDER)).isNotEqualTo(SpendHistory.generate(otherSeed));
  }

  @Test
  void holdsEveryTrap() {
    SpendHistory history = SpendHistory.generate(IN_ORDER);
    Map<String, Set<Long>> times = new HashMap<>();
    Map<String, Integer> perUser = new HashMap<>();
    int ties = 0;
    int exactly24h = 0;
    int almost24h = 0;
    int refunds = 0;
    for (Transaction transaction : history.arrivals()) {
      long t = transaction.eventTimeMs();
      Set<Long> before = times.computeIfAbsent(transaction.userId(), _ -> new HashSet<>());
      exactly24h += before.contains(t - Oracle.WINDOW_MS) ? 1 : 0;
      almost24h += before.contains(t - Oracle.WINDOW_MS + 1) ? 1 : 0;
      ties += before.add(t) ? 0 : 1;
      refunds += transaction.kind() == TransactionKind.REFUND ? 1 : 0;
      perUser.merge(transaction.userId(), 1, Integer::sum);
    }
    Set<String> withAccount =
        history.accounts().stream().map(DataSet.Account::userId).collect(Collectors.toSet());

    assertThat(history.arrivals()).hasSize(10_000);
    assertThat(ties).isGreaterThan(100);
    assertThat(exactly24h).isGreaterThan(20);
    assertThat(almost24h).isGreaterThan(20);
    assertThat(refunds).isGreaterThan(500);
    assertThat(perUser.get("u0")).as("a hot user").isGreaterThan(500);
    assertThat(perUser.keySet()).anyMatch(user -> !withAccount.contains(user));
  }

  @Test
  void makesExposuresMeetTheBalanceAndEpisodesEndInBothWays() {
    SpendHistory history = SpendHistory.generate(IN_ORDER);
    var oracle = new Oracle();
    history.accounts().forEach(a -> oracle.account(a.userId(), a.assignedMinor()));
    long equal =
        history.arrivals().stream()
            .map(transaction -> (Oracle.Counted) oracle.arrive(transaction))
            .filter(
                counted ->
                    counted.balanceMinor() != null
                        && counted.exposureMinor() == counted.balanceMinor())
            .count();

    assertThat(equal).isPositive();
    assertThat(oracle.alerts().stream().map(KnownAlert::cause))
        .contains(null, AlertCause.EXPIRY, AlertCause.REFUND);
  }

  @Test
  void arrivesInOrderUnlessToldOtherwise() {
    assertThat(SpendHistory.generate(IN_ORDER).arrivals())
        .isSortedAccordingTo(Comparator.comparingLong(Transaction::eventTimeMs))
        .doesNotHaveDuplicates();
  }

  @Test
  void arrivesLateOrTwiceAsOftenAsTold() {
    List<Transaction> arrivals = SpendHistory.generate(DISORDERED).arrivals();
    Set<String> seen = new HashSet<>();
    long latestMs = 0;
    int late = 0;
    for (Transaction transaction : arrivals) {
      if (seen.add(transaction.transactionId())) {
        late += transaction.eventTimeMs() < latestMs ? 1 : 0;
        assertThat(latestMs - transaction.eventTimeMs())
            .isLessThanOrEqualTo(Duration.ofHours(1).toMillis());
        latestMs = Math.max(latestMs, transaction.eventTimeMs());
      }
    }

    assertThat(seen).hasSize(10_000);
    assertThat(arrivals).hasSizeBetween(10_800, 11_200);
    assertThat(late).isBetween(1_500, 2_500);
  }

  @Test
  void leavesTheAlertsOutWhereTheyAreNotKnown() {
    SpendHistory inOrder = SpendHistory.generate(IN_ORDER);
    SpendHistory disordered = SpendHistory.generate(DISORDERED);
    DataSet.write(folder, "a", "USD", inOrder.accounts(), inOrder.arrivals(), true);
    DataSet.write(folder, "b", "USD", disordered.accounts(), disordered.arrivals(), false);

    assertThat(folder.resolve("a.alerts.csv.gz")).exists();
    assertThat(folder.resolve("b.alerts.csv.gz")).doesNotExist();
    assertThat(rows("a.reference.csv.gz")).isEqualTo(10_000);
    assertThat(rows("b.reference.csv.gz")).as("one a transaction").isEqualTo(10_000);
  }

  @Test
  void writesASetThatCanBeReplayed() {
    SpendHistory history = SpendHistory.generate(DISORDERED);
    DataSet.write(folder.resolve("new"), "s", "USD", history.accounts(), history.arrivals(), false);
    assertThat(Files.isDirectory(folder.resolve("new"))).isTrue();

    Replay.Survey survey =
        new Replay(
                folder.resolve("new/s.transactions.csv.gz"),
                folder.resolve("new/s.accounts.csv.gz"),
                null,
                "USD",
                "transactions",
                "balances")
            .survey();

    assertThat(survey.transactions()).isEqualTo(history.arrivals().size());
    assertThat(survey.accounts()).isEqualTo(history.accounts().size());
  }

  private int rows(String file) {
    int rows = 0;
    try (var reader =
        CsvReader.open(folder.resolve(file), DataSet.REFERENCE_HEADER, fields -> fields)) {
      while (reader.next() != null) {
        rows++;
      }
    }
    return rows;
  }
}
