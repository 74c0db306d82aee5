package io.spendwatch.loadgen.workload;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.loadgen.workload.Workload.Outgoing;
import io.spendwatch.loadgen.workload.WorkloadSettings.Disorder;
import io.spendwatch.loadgen.workload.WorkloadSettings.Scenarios;
import io.spendwatch.loadgen.workload.WorkloadSettings.Users;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WorkloadTest {

  private static final long T = 1_780_000_000_000L;
  private static final int SEEDS = 100;
  private static final int RECORDS = 3_000;
  private static final int PER_SECOND = 500;

  @Test
  void givesTheAlertsThatTheOracleSays() {
    long alertsInAll = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      var workload = new Workload(everything(seed));
      var oracle = new Oracle();
      workload.accounts(T).forEach(a -> oracle.account(a.userId(), a.balanceMinor()));
      int alerts = 0;
      for (int i = 0; i < RECORDS; i++) {
        Outgoing outgoing = workload.next(dueMs(i));
        oracle.arrive(transaction(outgoing));
        List<KnownAlert> all = oracle.alertsSoFar();
        assertThat(all.subList(alerts, all.size()))
            .as("seed %d, record %d, %s", seed, i, outgoing.scenario())
            .isEqualTo(outgoing.alert() == null ? List.of() : List.of(outgoing.alert()));
        alerts = all.size();
      }
      alertsInAll += alerts;
    }
    assertThat(alertsInAll).isGreaterThan(50L * SEEDS);
  }

  @ParameterizedTest
  @EnumSource(Scenario.class)
  void goesThroughEachScenarioFromZeroToZero(Scenario scenario) {
    var workload = new Workload(only(scenario, 5));
    Map<String, Long> exposures = new HashMap<>();
    Map<String, Integer> records = new HashMap<>();
    List<KnownAlert> alerts = new ArrayList<>();
    int courses = 0;
    for (int i = 0; i < 20 * PER_SECOND; i++) {
      Outgoing outgoing = workload.next(dueMs(i));
      if (outgoing.scenario() != null) {
        Transaction transaction = transaction(outgoing);
        String userId = transaction.userId();
        assertThat(userId).startsWith("run-" + scenario.label() + "-");
        long exposureMinor = exposures.merge(userId, transaction.signedAmountMinor(), Long::sum);
        int inCourse = records.merge(userId, 1, Integer::sum);
        assertThat(inCourse).isLessThanOrEqualTo(Scenarios.RECORDS_MAX);
        if (exposureMinor == 0) {
          courses++;
          records.remove(userId);
        }
        if (outgoing.alert() != null) {
          alerts.add(outgoing.alert());
        }
      }
    }

    assertThat(courses).isGreaterThan(80);
    boolean raises =
        !EnumSet.of(Scenario.AT_LIMIT, Scenario.REFUND_BEFORE_LIMIT).contains(scenario);
    assertThat(alerts).hasSize(2 * (raises ? courses : 0));
    List<KnownAlert> raised = alerts.stream().filter(a -> a.type() == AlertType.RAISED).toList();
    assertThat(raised).hasSize(raises ? courses : 0);
    assertThat(raised).allMatch(a -> a.late() == (scenario == Scenario.LATE_REVEAL));
  }

  @Test
  void landsExactlyOnTheBalanceAndOneOver() {
    var workload = new Workload(only(Scenario.ONE_OVER, 5));
    Set<Long> raised = new HashSet<>();
    Set<Long> cleared = new HashSet<>();
    for (int i = 0; i < 10 * PER_SECOND; i++) {
      KnownAlert alert = workload.next(dueMs(i)).alert();
      if (alert != null) {
        (alert.type() == AlertType.RAISED ? raised : cleared).add(alert.exposureMinor());
      }
    }

    assertThat(raised).containsExactly(Scenario.BALANCE_MINOR + 1);
    assertThat(cleared).containsExactly(Scenario.BALANCE_MINOR);
  }

  @Test
  void isTheSameForTheSameSeed() {
    var one = new Workload(everything(3));
    var other = new Workload(everything(3));
    var another = new Workload(everything(4));
    int different = 0;
    assertThat(one.accounts(T)).containsExactlyElementsOf(other.accounts(T).toList());
    for (int i = 0; i < RECORDS; i++) {
      byte[] value = one.next(dueMs(i)).value();
      assertThat(value).isEqualTo(other.next(dueMs(i)).value());
      different += Arrays.equals(value, another.next(dueMs(i)).value()) ? 0 : 1;
    }
    assertThat(different).isGreaterThan(RECORDS / 2);
  }

  @Test
  void sendsTheSharesThatItIsAskedFor() {
    var workload =
        new Workload(
            new WorkloadSettings(
                "run",
                1,
                "USD",
                Users.uniform(1_000),
                new Disorder(0.2, 1_000),
                0.1,
                0.05,
                Scenarios.NONE));
    int records = 50_000;
    int older = 0;
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < records; i++) {
      Transaction transaction = transaction(workload.next(dueMs(i)));
      boolean isNew = ids.add(transaction.transactionId());
      long olderMs = dueMs(i) - transaction.eventTimeMs();
      if (isNew) {
        assertThat(olderMs).isBetween(0L, 1_000L);
        older += olderMs > 0 ? 1 : 0;
      }
    }

    assertThat(workload.transactions()).isEqualTo(ids.size());
    assertThat(workload.duplicates()).isEqualTo(records - ids.size());
    assertThat(workload.duplicates()).isBetween(records / 11L, records / 9L);
    assertThat(workload.refunds()).isBetween(ids.size() / 25L, ids.size() / 17L);
    assertThat(older).isBetween(ids.size() * 19 / 100, ids.size() * 21 / 100);
  }

  @Test
  void refundsEachPurchaseOnceAtMost() {
    var workload =
        new Workload(
            new WorkloadSettings(
                "run", 1, "USD", Users.uniform(10), Disorder.NONE, 0, 0.5, Scenarios.NONE));
    Map<String, Transaction> purchases = new HashMap<>();
    int refunds = 0;
    for (int i = 0; i < 20_000; i++) {
      Transaction transaction = transaction(workload.next(dueMs(i)));
      if (transaction.kind() == TransactionKind.PURCHASE) {
        purchases.put(transaction.transactionId(), transaction);
      } else {
        Transaction purchase = purchases.remove(transaction.originalTransactionId());
        assertThat(purchase).isNotNull();
        assertThat(purchase.userId()).isEqualTo(transaction.userId());
        assertThat(purchase.amountMinor()).isEqualTo(transaction.amountMinor());
        refunds++;
      }
    }
    assertThat(refunds).isGreaterThan(5_000);
  }

  @Test
  void givesHotUsersTheirShareAndTheOthersTheRest() {
    int[] records = recordsByUser(new Users(1_000, 0, 10, 0.3), 100_000);
    int hot = Arrays.stream(records, 0, 10).sum();

    assertThat(hot).isBetween(29_000, 31_000);
    assertThat(Arrays.stream(records, 0, 10)).allMatch(n -> n > 2_500 && n < 3_500);
    assertThat(Arrays.stream(records, 10, 1_000)).allMatch(n -> n < 150);
  }

  @Test
  void drawsUsersByZipfsLaw() {
    for (double exponent : new double[] {0.5, 1, 1.1, 2}) {
      int users = 1_000;
      int draws = 200_000;
      int[] records = recordsByUser(new Users(users, exponent, 0, 0), draws);
      double weights = 0;
      for (int rank = 1; rank <= users; rank++) {
        weights += Math.pow(rank, -exponent);
      }
      for (int rank : new int[] {1, 2, 3, 10, 100}) {
        double expected = draws * Math.pow(rank, -exponent) / weights;
        assertThat((double) records[rank - 1])
            .as("exponent %s, rank %d", exponent, rank)
            .isBetween(
                expected - 5 * Math.sqrt(expected) - 1, expected + 5 * Math.sqrt(expected) + 1);
      }
    }
  }

  @Test
  void beginsNoScenarioWhoseUsersCouldHaveADayOldPast() {
    var workload = new Workload(only(Scenario.SPREE, 5));
    workload.next(T);
    long lastMs = T + Courses.BEGIN_FOR_MS;
    int begunBefore = 0;
    for (long dueMs = lastMs - 10_000; dueMs < lastMs; dueMs += 2) {
      begunBefore += workload.next(dueMs).scenario() == null ? 0 : 1;
    }
    assertThat(begunBefore).isPositive();
    for (long dueMs = lastMs; dueMs < lastMs + 5_000; dueMs += 2) {
      // What is under way comes to its end.
      workload.next(dueMs);
    }
    for (long dueMs = lastMs + 5_000; dueMs < lastMs + 20_000; dueMs += 2) {
      assertThat(workload.next(dueMs).scenario()).isNull();
    }
  }

  @Test
  void coversWhateverTheBackgroundSpends() {
    // A million records a second for 24 h, all of one user, all purchases of the largest amount.
    long mostMinor = Math.multiplyExact(1_000_000L * 24 * 60 * 60, 10_000L);

    assertThat(mostMinor).isLessThan(Background.BALANCE_MINOR / 100);
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatThrownBy(() -> Users.uniform(0)).hasMessage("users: 0 (expected: at least 1)");
    assertThatThrownBy(() -> new Users(10, 0, 10, 0.5)).hasMessageContaining("hot users");
    assertThatThrownBy(() -> new Users(10, 0, 0, 0.5)).hasMessageContaining("hot share");
    assertThatThrownBy(() -> new Users(10, Double.NaN, 0, 0)).hasMessageContaining("skew");
    assertThatThrownBy(() -> new Disorder(0.1, 0)).hasMessageContaining("spread");
    assertThatThrownBy(() -> new Scenarios(List.of(), -1)).hasMessageContaining("scenarios");
    assertThatThrownBy(
            () ->
                new WorkloadSettings(
                    "run", 1, "XXX1", Users.uniform(1), Disorder.NONE, 0, 0, Scenarios.NONE))
        .hasMessageContaining("currency");
  }

  private static WorkloadSettings everything(long seed) {
    return new WorkloadSettings(
        "run",
        seed,
        seed % 2 == 0 ? "USD" : "JPY",
        new Users(20, seed % 3 == 0 ? 1.1 : 0, 2, 0.2),
        new Disorder(0.2, 2_000),
        0.1,
        0.1,
        new Scenarios(List.of(Scenario.values()), 1 + seed % 20));
  }

  private static WorkloadSettings only(Scenario scenario, double perSecond) {
    return new WorkloadSettings(
        "run",
        7,
        "USD",
        Users.uniform(10),
        Disorder.NONE,
        0.05,
        0,
        new Scenarios(List.of(scenario), perSecond));
  }

  private static int[] recordsByUser(Users users, int draws) {
    var workload =
        new Workload(
            new WorkloadSettings("run", 11, "USD", users, Disorder.NONE, 0, 0, Scenarios.NONE));
    int[] records = new int[users.count()];
    for (int i = 0; i < draws; i++) {
      String userId = new String(workload.next(T).key(), UTF_8);
      records[Integer.parseInt(userId.substring("run-u".length()))]++;
    }
    return records;
  }

  private static long dueMs(int record) {
    return T + record * 1_000L / PER_SECOND;
  }

  private static Transaction transaction(Outgoing outgoing) {
    return ((Decoded.Valid<Transaction>)
            TransactionCodec.decode(outgoing.key(), outgoing.value(), Long.MAX_VALUE))
        .value();
  }
}
