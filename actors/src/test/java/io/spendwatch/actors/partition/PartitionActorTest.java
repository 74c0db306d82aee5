package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.actors.exposure.Assessment.Duplicate;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.partition.PartitionCommand.Failed;
import io.spendwatch.actors.partition.PartitionCommand.Reply;
import io.spendwatch.actors.partition.PartitionCommand.Unavailable;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Verdict;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.Test;

/** Batches, lives and failures of a partition, and whom it keeps in memory. */
class PartitionActorTest extends PartitionActorBed {
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
        .containsExactlyInAnyOrder(tuple("a", "t3"), tuple("b", "t2"));
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
}
