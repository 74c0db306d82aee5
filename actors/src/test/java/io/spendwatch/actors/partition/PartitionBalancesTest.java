package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes of accounts, pushed or not, of users who are in memory or not. */
class PartitionBalancesTest extends PartitionActorBed {
  @Test
  void aPushedChangeOfBalanceRaisesByItself() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.ledger.version("a", new AccountBalance(50, "USD", 2, T0, false));
    partition.idleMs = 1;
    partition.actor.tell(new PartitionCommand.AccountsChanged(Set.of("a", "nobody")));
    assertThat(partition.run().alerts())
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.type()).isEqualTo(AlertType.RAISED);
              assertThat(raised.balanceMinor()).isEqualTo(50);
              assertThat(raised.transactionId()).isNull();
            });
  }

  @Test
  void aDropThatNobodySawIsLookedAtAtItsOwnInstant() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).add("a", "t2", T0 + 23 * HOUR_MS, 30).run();
    partition.ledger.version("a", new AccountBalance(50, "USD", 2, T0 + 23 * HOUR_MS, false));
    partition.restart();
    assertThat(partition.add("a", "t3", T0 + 60 * HOUR_MS, 10).run().alerts())
        .extracting(Alert::type, Alert::eventTimeMs, Alert::exposureMinor)
        .containsExactly(
            tuple(AlertType.RAISED, T0 + 23 * HOUR_MS, 90L),
            tuple(AlertType.CLEARED, T0 + 24 * HOUR_MS, 30L));
  }

  /** It is known before the user's transaction is assessed, so that enough is read of the user. */
  @Test
  void aDropThatNobodySawIsLookedAtThoughItsUserComesBackLongAfter() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.ledger.version("a", new AccountBalance(50, "USD", 2, T0 + HOUR_MS, false));
    partition.restart();
    assertThat(partition.add("a", "t2", T0 + 10 * DAY_MS, 10).run().alerts())
        .extracting(Alert::type, Alert::eventTimeMs, Alert::cause)
        .containsExactly(
            tuple(AlertType.RAISED, T0 + HOUR_MS, AlertCause.BALANCE),
            tuple(AlertType.CLEARED, T0 + DAY_MS, AlertCause.EXPIRY));
  }

  @Test
  void readsBalancesAfreshWhileTheyAreNotPushed() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.ledger.account("a", 500, 2);
    partition.balancesPushed = false;
    partition.add("a", "t2", T0, 60);
    assertThat(partition.run().assessments())
        .containsExactly(new Stored(Verdict.CLEAR, 120, new AccountBalance(500, "USD", 2, 0), 2));
  }

  @Test
  void refusesTheFormerCurrencyOnceAnotherIsInForce() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.ledger.version("a", new AccountBalance(100, "EUR", 2, T0, false));
    partition.actor.tell(new PartitionCommand.AccountsChanged(Set.of("a")));
    assertThat(partition.run().alerts()).isEmpty();
    partition.add("a", "t2", T0 + 1, 60);
    assertThat(partition.run().assessments())
        .singleElement()
        .isInstanceOfSatisfying(
            Assessment.Rejected.class,
            rejected ->
                assertThat(rejected.reason()).isEqualTo(DeadLetterReason.CURRENCY_MISMATCH));
  }

  @Test
  void aDropOfAUserWhoIsNotInMemoryIsLookedAt() {
    var partition = new Pipeline(kit, 1);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.add("b", "t2", T0 + HOUR_MS, 5).run();
    partition.ledger.version("a", new AccountBalance(50, "USD", 2, T0 + 1, false));
    partition.actor.tell(new PartitionCommand.AccountsChanged(Set.of("a")));
    assertThat(partition.run().alerts())
        .extracting(Alert::userId, Alert::type, Alert::eventTimeMs, Alert::cause)
        .containsExactly(tuple("a", AlertType.RAISED, T0 + 1, AlertCause.BALANCE));
  }

  /** Its next transaction alone would have the user read for the last 48 h only. */
  @Test
  void aDropOfAUserWhoIsNotInMemoryIsLookedAtThoughTheUserComesBackLongAfter() {
    var partition = new Pipeline(kit, 1);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.add("b", "t2", T0 + HOUR_MS, 5).run();
    partition.ledger.version("a", new AccountBalance(50, "USD", 2, T0 + HOUR_MS, false));
    partition.actor.tell(new PartitionCommand.AccountsChanged(Set.of("a")));
    assertThat(partition.add("a", "t3", T0 + 10 * DAY_MS, 10).run().alerts())
        .extracting(Alert::type, Alert::eventTimeMs, Alert::cause)
        .containsExactly(
            tuple(AlertType.RAISED, T0 + HOUR_MS, AlertCause.BALANCE),
            tuple(AlertType.CLEARED, T0 + DAY_MS, AlertCause.EXPIRY));
  }

  @Test
  void anAccountThatAppearsRaisesByItself() {
    var partition = new Pipeline(kit, 1000);
    partition.add("a", "t1", T0, 60);
    assertThat(partition.run().assessments())
        .containsExactly(new Stored(Verdict.NO_ACCOUNT, 60, null, 0));
    partition.ledger.account("a", 50, 1);
    partition.actor.tell(new PartitionCommand.AccountsChanged(Set.of("a")));
    assertThat(partition.run().alerts())
        .singleElement()
        .satisfies(raised -> assertThat(raised.type()).isEqualTo(AlertType.RAISED));
  }

  @Test
  void anAccountThatIsGoneEndsTheEpisode() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 50, 1);
    assertThat(partition.add("a", "t1", T0, 60).run().alerts()).hasSize(1);
    partition.ledger.version("a", new AccountBalance(50, "USD", 2, T0, true));
    partition.actor.tell(new PartitionCommand.AccountsChanged(Set.of("a")));
    assertThat(partition.add("b", "tick", T0 + 1, 1).run().alerts())
        .singleElement()
        .satisfies(cleared -> assertThat(cleared.cause()).isEqualTo(AlertCause.BALANCE));
    partition.add("a", "t2", T0 + 2, 5);
    assertThat(partition.run().assessments())
        .containsExactly(new Stored(Verdict.NO_ACCOUNT, 65, null, 2));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTopUpEndsTheEpisodeOfAUserWhoIsNotAwake(boolean isNamed) {
    var partition = new Pipeline(kit, 1);
    partition.ledger.account("a", 50, 1);
    partition.ledger.account("b", 50, 1);
    assertThat(partition.add("a", "t1", T0, 60).run().alerts()).hasSize(1);
    partition.add("b", "t2", T0 + 1, 5).run();
    partition.ledger.version("a", new AccountBalance(60, "USD", 2, T0, false));
    partition.actor.tell(
        isNamed
            ? new PartitionCommand.AccountsChanged(Set.of("a"))
            : new PartitionCommand.AllAccountsChanged());
    List<Alert> alerts = new ArrayList<>(partition.run().alerts());
    alerts.addAll(partition.run().alerts());
    assertThat(alerts)
        .singleElement()
        .satisfies(
            cleared -> {
              assertThat(cleared.userId()).isEqualTo("a");
              assertThat(cleared.cause()).isEqualTo(AlertCause.BALANCE);
            });
  }

  /** And for those of its own users, whom the pages have not come to. */
  @Test
  void aBatchWaitsForOnePageOfChangesHoweverManyAccountsHaveChanged() {
    var partition = new Pipeline(kit, 1);
    for (int i = 0; i < 2_000; i++) {
      partition.ledger.account(String.format(Locale.ROOT, "u%04d", i), 100, 1);
    }
    partition.ledger.account("z", 100, 1);
    partition.add("z", "t1", T0, 60).run();
    partition.add("u0000", "t2", T0, 1).run();
    partition.ledger.version("z", new AccountBalance(50, "USD", 2, T0 + 1, false));
    partition.actor.tell(new PartitionCommand.AllAccountsChanged());
    int before = partition.ledger.changesAsked();
    assertThat(partition.add("z", "t3", T0 + 5, 1).run().alerts())
        .extracting(Alert::userId, Alert::type, Alert::eventTimeMs, Alert::cause)
        .containsExactly(tuple("z", AlertType.RAISED, T0 + 1, AlertCause.BALANCE));
    assertThat(partition.ledger.changesAsked() - before).isEqualTo(2);
    partition.run();
    assertThat(partition.ledger.changesAsked() - before).isEqualTo(3);
    int pages = 3;
    while (partition.run() != null && partition.ledger.changesAsked() - before > pages) {
      pages++;
    }
    assertThat(pages).isGreaterThan(4);
  }

  /** Ten times as many versions that begin later, of users who are not awake. */
  @Test
  void beginsEveryVersionOfTenTimesAsManyUsersAsAreWatched() {
    int watchedMax = 6;
    int users = 10 * watchedMax;
    var partition = new Pipeline(kit, 3, 1_000_000, 2, watchedMax);
    for (int i = 0; i < users; i++) {
      partition.ledger.account("u" + i, 100, 1);
      partition.ledger.version(
          "u" + i, new AccountBalance(50, "USD", 2, T0 + HOUR_MS + i * 60_000L, false));
      partition.add("u" + i, "t" + i, T0, 60);
    }
    assertThat(partition.run().alerts()).isEmpty();
    partition.add("other", "later", T0 + 3 * HOUR_MS, 1);
    List<Alert> raised = new ArrayList<>();
    for (int tick = 0; tick < 2 * users; tick++) {
      raised.addAll(partition.run().alerts());
    }
    assertThat(raised)
        .hasSize(users)
        .allMatch(alert -> alert.type() == AlertType.RAISED)
        .allMatch(alert -> alert.eventTimeMs() > T0)
        .extracting(Alert::userId)
        .doesNotHaveDuplicates();
  }
}
