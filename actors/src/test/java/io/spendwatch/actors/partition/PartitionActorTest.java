package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Assessment.Duplicate;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.NaiveUser;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.partition.PartitionCommand.Failed;
import io.spendwatch.actors.partition.PartitionCommand.Reply;
import io.spendwatch.actors.partition.PartitionCommand.Unavailable;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PartitionActorTest {

  private static final long HOUR_MS = 3_600_000L;
  private static final long DAY_MS = 24 * HOUR_MS;
  private static final long T0 = 1_600_000_000_000L;

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  @Test
  void assessesABatchOfManyUsersInTheOrderOfTheBatch() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.ledger.account("b", 50, 1);
    partition.add("a", "t1", T0, 60).add("b", "t2", T0 + 1, 51).add("a", "t3", T0 + 2, 41);
    partition.add("c", "t4", T0 + 3, 5);
    Assessed assessed = partition.run();
    assertThat(assessed.assessments())
        .extracting(assessment -> ((Stored) assessment).verdict())
        .containsExactly(Verdict.CLEAR, Verdict.BREACH, Verdict.BREACH, Verdict.NO_ACCOUNT);
    assertThat(assessed.alerts())
        .extracting(Alert::userId, Alert::transactionId)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("a", "t3"),
            org.assertj.core.groups.Tuple.tuple("b", "t2"));
    assertThat(assessed.streamTimeMs()).isEqualTo(T0 + 3);
    assertThat(assessed.alerts().getFirst().detectedAtMs()).isEqualTo(Pipeline.NOW_MS);
  }

  @Test
  void answersARepeatWithTheSameWords() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 10, 1);
    partition.add("a", "t1", T0, 60);
    Reply first = partition.ask();
    assertThat(partition.ask()).isEqualTo(first);
  }

  @Test
  void aNewLifeKnowsOnlyWhatIsDurable() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.add("a", "lost", T0 + 1, 30);
    assertThat(partition.ask()).isInstanceOf(Assessed.class);
    partition.restart();
    partition.add("a", "t2", T0 + 2, 40);
    assertThat(partition.run().assessments())
        .containsExactly(new Stored(Verdict.CLEAR, 100, new AccountBalance(100, "USD", 1, 0), 1));
  }

  @Test
  void aRedeliveredRecordFindsItsRow() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 160).run();
    partition.restart();
    partition.add("a", "t1", T0, 160);
    Assessed again = partition.run();
    assertThat(again.assessments()).containsExactly(new Duplicate());
    assertThat(again.alerts()).isEmpty();
  }

  @Test
  void saysWhatItWaitsForWhenAPortFailsAndGoesOnLater() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.add("a", "t2", T0 + 1, 60);
    partition.ledger.failNext(1);
    assertThat(partition.ask()).isEqualTo(new Unavailable("not reachable"));
    Assessed assessed = partition.run();
    assertThat(assessed.assessments())
        .containsExactly(new Stored(Verdict.BREACH, 120, new AccountBalance(100, "USD", 1, 0), 1));
    assertThat(assessed.alerts()).hasSize(1);
  }

  /** By which nobody else would ever be noticed, and the partition stand still. */
  @Test
  void beginsABatchAnewOfWhichAnAnswerIsLost() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.restart();
    partition.add("a", "t2", T0 + 1, 60);
    partition.ledger.loseNext(1);
    for (int i = 0; i < 4; i++) {
      partition.tell();
    }
    partition.probe.expectNoMessage(Duration.ofMillis(200));
    assertThat(partition.ask()).isInstanceOf(Unavailable.class);
    assertThat(partition.run().assessments())
        .containsExactly(new Stored(Verdict.BREACH, 120, new AccountBalance(100, "USD", 1, 0), 1));
  }

  /** Who is awake answers before the others are read, and nobody goes on for that. */
  @Test
  void assessesNobodyBeforeTheLastPartOfItsUsersIsRead() {
    var partition = new Pipeline(kit, 1000, 1_000_000, 1);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.balancesPushed = false;
    partition.add("b", "t2", T0 + 1, 5).add("c", "t3", T0 + 2, 5).add("a", "t4", T0 + 3, 41);
    assertThat(partition.run().assessments())
        .extracting(assessment -> ((Stored) assessment).verdict())
        .containsExactly(Verdict.NO_ACCOUNT, Verdict.NO_ACCOUNT, Verdict.BREACH);
  }

  @Test
  void endsAnIdleUsersEpisodeWhenStreamTimePassesEvenAfterARestart() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 160).run();
    partition.restart();
    partition.add("b", "t2", T0 + DAY_MS, 1);
    assertThat(partition.run().alerts()).isEmpty();
    partition.add("b", "t3", T0 + DAY_MS + 1, 1);
    assertThat(partition.run().alerts())
        .singleElement()
        .satisfies(
            cleared -> {
              assertThat(cleared.type()).isEqualTo(AlertType.CLEARED);
              assertThat(cleared.cause()).isEqualTo(AlertCause.EXPIRY);
              assertThat(cleared.eventTimeMs()).isEqualTo(T0 + DAY_MS);
              assertThat(cleared.exposureMinor()).isZero();
            });
  }

  @Test
  void anIdlePartitionsTimeMovesOn() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 160).run();
    partition.idleMs = DAY_MS;
    assertThat(partition.run().alerts()).isEmpty();
    partition.idleMs = DAY_MS + 1;
    Assessed assessed = partition.run();
    assertThat(assessed.alerts()).hasSize(1);
    assertThat(assessed.streamTimeMs()).isEqualTo(T0);
  }

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
  void namesTheEarlierTransactionThatALateRecordPutOverTheBalance() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).add("a", "t2", T0 + 2 * HOUR_MS, 30).run();
    partition.add("a", "late", T0 + HOUR_MS, 20);
    assertThat(partition.run().alerts())
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.transactionId()).isEqualTo("t2");
              assertThat(raised.late()).isTrue();
              assertThat(raised.source().offset()).isEqualTo(2);
            });
  }

  @Test
  void showsAUserAwakeOrNot() {
    var partition = new Pipeline(kit, 1);
    partition.ledger.account("a", 100, 1);
    partition.ledger.account("b", 100, 1);
    partition.add("a", "t1", T0, 160).run();
    partition.add("b", "t2", T0, 60).run();
    for (String user : List.of("a", "b")) {
      TestProbe<UserView> probe = kit.createTestProbe(UserView.class);
      partition.actor.tell(new PartitionQuery.GetUser(user, probe.ref()));
      UserView view = probe.receiveMessage();
      assertThat(view.exposureMinor()).isEqualTo(user.equals("a") ? 160 : 60);
      assertThat(view.openEpisodeId() != null).isEqualTo(user.equals("a"));
    }
  }

  @Test
  void aMessageToThePartitionReachesItsPresentLife() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    ActorRef<PartitionCommand> former = partition.actor;
    ActorRef<PartitionCommand> present = partition.actors.start(3, _ -> true);
    partition.actors.stop(3, former);
    assertThat(partition.actors.of(3)).contains(present);
    partition.actors.stop(3, present);
    assertThat(partition.actors.of(3)).isEmpty();
  }

  @Test
  void forgetsTheLeastRecentlyUsedBeyondSoManyUsersOrEntries() {
    var users = new Pipeline(kit, 2);
    users.add("a", "t1", T0, 1).add("b", "t2", T0, 1).add("c", "t3", T0, 1);
    assertThat(users.run().usersAwake()).isEqualTo(2);
    var entries = new Pipeline(kit, 1000, 2 * 1_100 + 3 * 17, 1000);
    entries.add("a", "t1", T0, 1).add("b", "t2", T0, 1);
    assertThat(entries.run().usersAwake()).isEqualTo(2);
    entries.add("b", "t3", T0, 1).add("b", "t4", T0, 1);
    assertThat(entries.run().usersAwake()).isEqualTo(1);
    // What was forgotten does not count any more.
    entries.restart();
    entries.add("a", "t5", T0, 1);
    assertThat(entries.run().usersAwake()).isEqualTo(1);
  }

  @Test
  void theNodesPartitionsShareWhatItMayKeepAwake() {
    var partition = new Pipeline(kit, 4);
    partition.add("a", "t1", T0, 1).add("b", "t2", T0, 1).add("c", "t3", T0, 1);
    assertThat(partition.run().usersAwake()).isEqualTo(3);
    ActorRef<PartitionCommand> neighbour = partition.actors.start(4, _ -> true);
    assertThat(partition.run().usersAwake()).isEqualTo(2);
    partition.actors.stop(4, neighbour);
    partition.add("c", "t4", T0, 1).add("a", "t5", T0, 1).add("b", "t6", T0, 1);
    assertThat(partition.run().usersAwake()).isEqualTo(3);
  }

  @Test
  void readsNoMoreUsersAtOnceThanItMayForTheSakeOfEpisodesThatAreDue() {
    int users = 7;
    var partition = new Pipeline(kit, 1000, 1_000_000, 2);
    for (int i = 0; i < users; i++) {
      partition.ledger.account("u" + i, 100, 1);
      partition.add("u" + i, "t" + i, T0 + i, 160);
    }
    partition.run();
    partition.restart();
    partition.add("other", "t", T0 + 2 * DAY_MS, 1);
    List<Integer> cleared = new ArrayList<>();
    for (int i = 0; i < users; i++) {
      cleared.add(partition.run().alerts().size());
    }
    assertThat(cleared).startsWith(2, 2, 2, 1, 0);
  }

  @Test
  void countsWhoReachesItFromHereAndFromElsewhere() {
    var partition = new Pipeline(kit, 1000);
    partition.add("a", "t1", T0, 160).run();
    assertThat(partition.actors.deliveries().local()).isEqualTo(1);
    assertThat(partition.actors.deliveries().remote()).isZero();
  }

  @Test
  void saysThatOurOwnCodeThrewOnATransactionAndGoesOnWithoutIt() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.add("a", "t2", T0 + 1, 10).addPoison("a", "poison").add("a", "t3", T0 + 2, 30);
    assertThat(partition.ask())
        .isInstanceOfSatisfying(
            Failed.class, failed -> assertThat(failed.reason()).startsWith("user actor: "));
    partition.restart();
    partition.add("a", "t2", T0 + 1, 10).add("a", "t3", T0 + 2, 30);
    assertThat(partition.run().assessments())
        .extracting(assessment -> ((Stored) assessment).exposureMinor())
        .containsExactly(70L, 100L);
  }

  @Test
  void saysThatItFailedItselfAndGoesOn() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.pending.add(new Received(null, 1));
    assertThat(partition.ask())
        .isInstanceOfSatisfying(
            Failed.class, failed -> assertThat(failed.reason()).startsWith("partition actor: "));
    partition.restart();
    partition.add("a", "t2", T0 + 1, 60);
    assertThat(partition.run().alerts()).hasSize(1);
  }

  @Test
  void saysThatAUserOfTheBatchCannotBeRestored() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.spoil("a");
    partition.add("a", "t1", T0, 60).add("b", "t2", T0, 60);
    assertThat(partition.ask()).isInstanceOf(Failed.class);
    partition.ledger.repair("a");
    assertThat(partition.run().assessments()).hasSize(2);
  }

  @Test
  void setsAUserAsideWhoseOwnStateMakesUsFail() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 160).run();
    partition.restart();
    partition.ledger.spoil("a");
    // The open episode has the user looked at; others must not pay for it.
    partition.add("b", "t2", T0 + DAY_MS + 1, 5);
    Assessed others = partition.run();
    assertThat(others.assessments()).containsExactly(new Stored(Verdict.NO_ACCOUNT, 5, null, 0));
    assertThat(others.alerts()).isEmpty();
    partition.ledger.repair("a");
    partition.add("a", "t3", T0 + DAY_MS + 2, 5);
    assertThat(partition.run().alerts())
        .singleElement()
        .satisfies(cleared -> assertThat(cleared.type()).isEqualTo(AlertType.CLEARED));
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

  /** Ten times as many open episodes, of which some end now, some later, and nobody spends. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void endsEveryEpisodeOfTenTimesAsManyUsersAsAreWatched(boolean restarts) {
    int watchedMax = 6;
    int users = 10 * watchedMax;
    var partition = new Pipeline(kit, 3, 1_000_000, 2, watchedMax);
    for (int i = 0; i < users; i++) {
      partition.ledger.account("u" + i, 100, 1);
      partition.add("u" + i, "t" + i, T0 + (i * 37 % users) * HOUR_MS / 10, 160);
    }
    assertThat(partition.run().alerts()).hasSize(users);
    if (restarts) {
      partition.restart();
    }
    List<Alert> cleared = new ArrayList<>();
    for (int hour = 0; hour <= users / 10; hour++) {
      long nowMs = T0 + DAY_MS + hour * HOUR_MS + 1;
      partition.add("other", "hour" + hour, nowMs, 1);
      for (int tick = 0; tick < users; tick++) {
        cleared.addAll(partition.run().alerts());
      }
      assertThat(cleared)
          .as("ended until hour %d", hour)
          .hasSize(Math.min(users, hour * 10 + 1))
          .allMatch(alert -> alert.type() == AlertType.CLEARED);
    }
    assertThat(cleared).extracting(Alert::userId).doesNotHaveDuplicates();
    assertThat(cleared).allMatch(alert -> alert.cause() == AlertCause.EXPIRY);
  }

  /** Whose history is read for a transaction long after the last one. */
  @Test
  void endsTheEpisodeOfAUserWhoIsNotWatchedAtItsInstantWhenTheUserComesBackLongAfter() {
    var partition = new Pipeline(kit, 1, 1_000_000, 1, 2);
    for (int i = 0; i < 20; i++) {
      partition.ledger.account("u" + i, 100, 1);
      partition.add("u" + i, "t" + i, T0 + i, 160);
    }
    partition.run();
    partition.add("u7", "back", T0 + 9 * DAY_MS, 5);
    assertThat(partition.run().alerts())
        .filteredOn(alert -> alert.userId().equals("u7"))
        .extracting(Alert::type, Alert::eventTimeMs)
        .containsExactly(tuple(AlertType.CLEARED, T0 + 7 + DAY_MS));
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

  /**
   * Many users, batches cut anywhere, restarts, lost answers, failing ports, few users awake: the
   * rows and alerts are those of the naive rule.
   */
  @Test
  void whateverIsInterruptedTheTablesEndUpTheSame() {
    for (long seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      int awakeUsersMax = 1 + random.nextInt(6);
      int watchedUsersMax = seed % 2 == 0 ? 1000 : 2 + (int) (seed / 2 % 3);
      var partition = new Pipeline(kit, awakeUsersMax, 1_000_000, 1000, watchedUsersMax);
      Map<String, NaiveUser> naive = new HashMap<>();
      int users = 1 + random.nextInt(8);
      for (int i = 0; i < users; i++) {
        long balanceMinor = 50 + random.nextLong(250);
        partition.ledger.account("u" + i, balanceMinor, 1);
        NaiveUser user = new NaiveUser();
        user.learn(
            List.of(new NaiveUser.Version(1, 0, balanceMinor, "USD", false)), Long.MIN_VALUE);
        naive.put("u" + i, user);
      }
      List<Transaction> history = history(random, users);
      Set<String> alertIds = new HashSet<>();
      int next = 0;
      while (next < history.size()) {
        int size = 1 + random.nextInt(12);
        partition.pending.clear();
        for (int i = next; i < Math.min(history.size(), next + size); i++) {
          partition.pending.add(new Received(history.get(i), i));
        }
        switch (random.nextInt(8)) {
          case 0 -> {
            List<Received> lost = List.copyOf(partition.pending);
            partition.ask(); // assessed, and lost before it was durable
            partition.restart();
            partition.pending.addAll(lost);
          }
          case 1 -> partition.ledger.failNext(1 + random.nextInt(2));
          case 2 -> {
            partition.run();
            partition.restart(); // durable, but redelivered
            continue;
          }
          default -> {}
        }
        for (Alert alert : partition.run().alerts()) {
          assertThat(alertIds.add(alert.alertId())).isTrue();
        }
        next += size;
      }
      check(seed, partition.ledger, history, naive);
    }
  }

  private static void check(
      long seed, InMemoryLedger ledger, List<Transaction> history, Map<String, NaiveUser> naive) {
    Map<String, Long> expected = new HashMap<>();
    long streamTimeMs = Long.MIN_VALUE;
    for (Transaction transaction : history) {
      String key = transaction.userId() + transaction.transactionId();
      if (!expected.containsKey(key)) {
        NaiveUser.Row row = naive.get(transaction.userId()).arrive(transaction, streamTimeMs);
        expected.put(key, row.exposureMinor());
      }
      streamTimeMs = Math.max(streamTimeMs, transaction.eventTimeMs());
    }
    Map<String, Long> stored = new HashMap<>();
    ledger
        .rows()
        .forEach(
            row ->
                stored.put(
                    row.transaction().userId() + row.transaction().transactionId(),
                    row.assessed().exposureMinor()));
    assertThat(stored).as("seed %d", seed).isEqualTo(expected);
    long untilMs = streamTimeMs;
    naive.forEach(
        (userId, user) -> {
          user.passTime(untilMs);
          assertThat(ledger.alerts().stream().filter(alert -> alert.userId().equals(userId)))
              .as("seed %d user %s", seed, userId)
              .extracting(alert -> alert.type().name(), Alert::eventTimeMs, Alert::exposureMinor)
              .containsExactlyElementsOf(
                  user.alerts().stream()
                      .map(must -> tuple(must.type(), must.eventTimeMs(), must.exposureMinor()))
                      .toList());
        });
  }

  /** In order, on a coarse grid, with duplicates close by. */
  private static List<Transaction> history(Random random, int users) {
    List<Transaction> history = new ArrayList<>();
    long atMs = T0;
    for (int i = 0; i < 150; i++) {
      atMs += random.nextInt(3) * HOUR_MS;
      if (i > 5 && random.nextInt(10) == 0) {
        history.add(history.get(history.size() - 1 - random.nextInt(5)));
      } else {
        history.add(
            new Transaction(
                "t" + i,
                "u" + random.nextInt(users),
                1 + random.nextInt(90),
                "USD",
                atMs,
                random.nextInt(6) == 0 ? TransactionKind.REFUND : TransactionKind.PURCHASE,
                null,
                null));
      }
    }
    return history;
  }
}
