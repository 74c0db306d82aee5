package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.address.PartitionEntity;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.partition.PartitionCommand.Unavailable;
import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.BehaviorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What is asked of the windows in memory, and what is answered when. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PartitionWindowsTest {

  private static final long T0 = 1_600_000_000_000L;
  private static final long DAY_MS = 86_400_000L;

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));
  private final TestProbe<PartitionWindows> probe = kit.createTestProbe(PartitionWindows.class);

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  @Test
  void aBatchThatMayNotBeDurableYetIsNotShownBeforeTheNextOne() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.add("a", "t2", T0 + 1, 50);
    Assessed assessed = (Assessed) partition.ask();
    ask(partition, null, 10);
    probe.expectNoMessage();
    partition.ledger.write(partition.pending, assessed);
    partition.pending.clear();
    partition.sequence++;
    partition.add("a", "t3", T0 + 2, 7);
    partition.ask();
    assertThat(probe.receiveMessage())
        .isEqualTo(
            new PartitionWindows(
                3,
                true,
                1,
                T0 + 1,
                List.of(
                    new UserWindow(
                        "a",
                        T0 + 1,
                        110,
                        2,
                        new AccountBalance(100, "USD", 1, 0),
                        assessed.alerts().getFirst().episodeId())),
                false));
  }

  @Test
  void whatWasGivenUpIsNotShown() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 1000, 1);
    partition.ledger.account("b", 1000, 1);
    partition.add("a", "t1", T0, 60).add("b", "t2", T0 + 1, 30).run();
    partition.add("a", "t3", T0 + 2, 50).add("c", "t4", T0 + 3, 50);
    partition.ledger.failNext(1);
    assertThat(partition.ask()).isInstanceOf(Unavailable.class);
    ask(partition, null, 10);
    PartitionWindows windows = probe.receiveMessage();
    assertThat(windows.lastOffset()).isEqualTo(1);
    assertThat(windows.streamTimeMs()).isEqualTo(T0 + 1);
    assertThat(windows.users())
        .extracting(UserWindow::userId, UserWindow::exposureMinor)
        .doesNotContain(org.assertj.core.groups.Tuple.tuple("a", 110L))
        .contains(org.assertj.core.groups.Tuple.tuple("b", 30L));
  }

  @Test
  void anIdlePartitionAnswersAtOnce() {
    var partition = new Pipeline(kit, 1000);
    ask(partition, null, 10);
    assertThat(probe.receiveMessage())
        .isEqualTo(new PartitionWindows(3, true, -1, Long.MIN_VALUE, List.of(), false));
    partition.add("a", "t1", T0, 60).run();
    partition.run();
    ask(partition, null, 10);
    assertThat(probe.receiveMessage().users())
        .containsExactly(new UserWindow("a", T0, 60, 1, null, null));
  }

  @Test
  void anEntryExactly24HoursOldIsOut() {
    var partition = new Pipeline(kit, 1000);
    partition.add("a", "t1", T0, 60).add("a", "t2", T0 + 1, 5).add("b", "t3", T0 + DAY_MS, 1).run();
    partition.run();
    ask(partition, null, 1);
    assertThat(probe.receiveMessage().users())
        .containsExactly(new UserWindow("a", T0 + DAY_MS, 5, 1, null, null));
  }

  @Test
  void pagesInTheOrderOfUserIdsAndLeavesTheOrderOfUseAlone() {
    var partition = new Pipeline(kit, 4);
    for (String user : List.of("d", "b", "c", "a")) {
      partition.add(user, "t-" + user, T0, 1).run();
    }
    partition.run();
    List<String> seen = new ArrayList<>();
    PartitionWindows page;
    do {
      ask(partition, seen.isEmpty() ? null : seen.getLast(), 3);
      page = probe.receiveMessage();
      page.users().forEach(user -> seen.add(user.userId()));
    } while (page.more());
    assertThat(seen).containsExactly("a", "b", "c", "d");
    // Least recently used, and forgotten for the fifth one: d.
    partition.add("e", "t-e", T0, 1).run();
    partition.run();
    partition.actor.tell(
        new GetWindows(null, 10, List.of("e", "d", "b", "nobody", "b"), probe.ref()));
    assertThat(probe.receiveMessage().users())
        .extracting(UserWindow::userId)
        .containsExactly("b", "e");
  }

  @Test
  void tooManyThatWaitCostTheOldestItsAnswer() {
    var partition = new Pipeline(kit, 1000);
    partition.add("a", "t1", T0, 60).run();
    for (int limit = 1; limit <= 3; limit++) {
      partition.actor.tell(new GetWindows(null, 10, List.of("u" + limit, "a"), probe.ref()));
    }
    partition.run();
    probe.receiveSeveralMessages(2);
    probe.expectNoMessage();
  }

  @Test
  void whoMovesAwayIsNotConsumedHere() {
    var partition = new Pipeline(kit, 1000);
    partition.add("a", "t1", T0, 60).run();
    ask(partition, null, 10);
    partition.restart();
    assertThat(probe.receiveMessage()).isEqualTo(PartitionWindows.notConsumed(3));
    var entity =
        BehaviorTestKit.create(
            PartitionEntity.create(4, partition.actors, new java.util.HashSet<>()));
    entity.run(new GetWindows(null, 10, List.of(), probe.ref()));
    assertThat(probe.receiveMessage()).isEqualTo(PartitionWindows.notConsumed(4));
  }

  @Test
  void aUserWhoIsGoneMeanwhileIsLeftOut() {
    TestProbe<UserActor.Command> gone = kit.createTestProbe();
    TestProbe<UserActor.Command> there = kit.createTestProbe();
    ActorRef<WindowGathering.Message> gathering =
        kit.spawn(
            WindowGathering.create(
                java.util.Map.of("a", gone.ref(), "b", there.ref()),
                PartitionWindows.notConsumed(3),
                probe.ref()));
    gathering.tell(new WindowGathering.Shown(new UserWindow("b", T0, 1, 1, null, null)));
    gone.stop();
    assertThat(probe.receiveMessage().users()).extracting(UserWindow::userId).containsExactly("b");
  }

  /** As a drift looks like: the tables say otherwise than memory does. */
  @Test
  void whoIsToBeReadAnewIsHeldAgainstTheTablesWithTheNextBatch() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).add("b", "t2", T0, 160).run();
    partition.ledger.account("a", 50, 2); // and nobody pushes it
    assertThat(partition.run().alerts()).isEmpty();
    partition.actor.tell(new PartitionQuery.Reread(List.of("a", "nobody")));
    assertThat(partition.run().alerts())
        .singleElement()
        .satisfies(
            raised -> {
              assertThat(raised.userId()).isEqualTo("a");
              assertThat(raised.type()).isEqualTo(AlertType.RAISED);
              assertThat(raised.balanceMinor()).isEqualTo(50);
            });
    partition.run();
    ask(partition, null, 10);
    assertThat(probe.receiveMessage().users())
        .extracting(UserWindow::userId, UserWindow::exposureMinor)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("a", 60L),
            org.assertj.core.groups.Tuple.tuple("b", 160L));
  }

  /** As of one who is erased: the next batch must not go on with what memory has. */
  @Test
  void whoHasAnotherIdByNowIsForgottenWithTheNextBatch() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).add("b", "t2", T0, 160).run();
    partition.actor.tell(new PartitionCommand.Renamed("a", "z"));
    assertThat(partition.run().alerts()).isEmpty();
    partition.run();
    ask(partition, null, 10);
    assertThat(probe.receiveMessage().users()).extracting(UserWindow::userId).containsExactly("b");
  }

  @Test
  void nothingThatIsNotDurableIsLostWhereAUserIsReadAnew() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "t1", T0, 60).run();
    partition.add("a", "t2", T0 + 1, 50);
    Assessed assessed = (Assessed) partition.ask();
    partition.actor.tell(new PartitionQuery.Reread(List.of("a")));
    // A repeat: the batch is still open, and nobody may be forgotten.
    assertThat(partition.ask()).isEqualTo(assessed);
    partition.ledger.write(partition.pending, assessed);
    partition.pending.clear();
    partition.sequence++;
    partition.add("a", "t3", T0 + DAY_MS + 1, 1);
    assertThat(partition.run().alerts())
        .extracting(Alert::type, Alert::eventTimeMs)
        .containsExactly(org.assertj.core.groups.Tuple.tuple(AlertType.CLEARED, T0 + DAY_MS));
    partition.actor.tell(new PartitionCommand.AccountsChanged(Set.of("a")));
    assertThat(partition.run().alerts()).isEmpty();
  }

  private void ask(Pipeline partition, String after, int limit) {
    partition.actor.tell(new GetWindows(after, limit, List.of(), probe.ref()));
  }
}
