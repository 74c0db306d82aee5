package io.spendwatch.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LiveTrafficTest {

  private static final LiveTraffic.Settings SETTINGS =
      new LiveTraffic.Settings("run", 50, 0.1, 0.05, "USD", 3);

  /** Enough for every user to come to the balance, some many times. */
  private static final int TRANSACTIONS = 60_000;

  @Test
  void letsExactlyTheUsersOverspendThatItSays() {
    var traffic = new LiveTraffic(SETTINGS);
    var oracle = new Oracle();
    for (Balance account : traffic.accounts(0)) {
      oracle.account(account.userId(), account.balanceMinor());
    }
    Set<String> breaching = new HashSet<>();
    for (int i = 0; i < TRANSACTIONS; i++) {
      Transaction transaction = traffic.next(1_000 + i);
      if (((Oracle.Counted) oracle.arrive(transaction)).breach()) {
        breaching.add(transaction.userId());
      }
      assertThat(traffic.overspent()).isEqualTo(breaching.size());
    }

    assertThat(breaching)
        .containsExactlyInAnyOrder("run-u0", "run-u1", "run-u2", "run-u3", "run-u4");
    assertThat(traffic.transactions()).isEqualTo(TRANSACTIONS);
    assertThat(traffic.refunds()).isBetween(TRANSACTIONS / 25L, TRANSACTIONS / 10L);
  }

  @Test
  void isTheSameForTheSameSeed() {
    var one = new LiveTraffic(SETTINGS);
    var other = new LiveTraffic(SETTINGS);

    assertThat(one.accounts(5)).isEqualTo(other.accounts(5)).hasSize(50);
    for (int i = 0; i < 1_000; i++) {
      assertThat(one.next(i)).isEqualTo(other.next(i));
    }
  }
}
