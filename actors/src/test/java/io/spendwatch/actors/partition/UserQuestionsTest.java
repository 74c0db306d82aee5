package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.address.PartitionEntity;
import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.CheckAnswer.Outcome;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.exposure.UserView.Source;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionQuery.By;
import io.spendwatch.actors.partition.PartitionQuery.Check;
import io.spendwatch.actors.partition.PartitionQuery.GetTop;
import io.spendwatch.actors.partition.PartitionQuery.GetUser;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.HashSet;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.RecipientRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What is asked about users, and that asking leaves everything as it was. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UserQuestionsTest {
  private static final long T0 = 1_600_000_000_000L;
  private static final long HOUR_MS = 3_600_000L;
  private static final long DAY_MS = 24 * HOUR_MS;

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString(
                  "pekko { actor.provider = local, actor.testkit.typed.single-expect-default = 30s }")
              .withFallback(ConfigFactory.load()));
  private final TestProbe<UserView> shown = kit.createTestProbe(UserView.class);
  private final TestProbe<CheckAnswer> checked = kit.createTestProbe(CheckAnswer.class);
  private final TestProbe<PartitionWindows> ranked = kit.createTestProbe(PartitionWindows.class);

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  @Test
  void whoIsAwakeAndWhoIsNotAreShownWithTheSameFigures() {
    var partition = new Pipeline(kit, 1);
    for (String user : List.of("a", "b")) {
      partition.ledger.account(user, 100, 1);
      partition.add(user, user + "1", T0, 160).add(user, user + "2", T0 + HOUR_MS, 5);
    }
    partition.run();
    partition.run();
    UserView a = show(partition, "a");
    UserView b = show(partition, "b");
    assertThat(List.of(a.source(), b.source()))
        .containsExactlyInAnyOrder(Source.MEMORY, Source.TABLES);
    for (UserView view : List.of(a, b)) {
      assertThat(view.known()).isTrue();
      assertThat(view.exposureMinor()).isEqualTo(165);
      assertThat(view.transactions()).isEqualTo(2);
      assertThat(view.entries()).isEqualTo(2);
      assertThat(view.currency()).isEqualTo("USD");
      assertThat(view.balance()).isEqualTo(new AccountBalance(100, "USD", 1, 0));
      assertThat(view.streamTimeMs()).isEqualTo(T0 + HOUR_MS);
      assertThat(view.openEpisodeId()).isNotNull();
      assertThat(view.openSinceMs()).isEqualTo(T0);
    }
  }

  @Test
  void whoIsNobodyIsToldFromWhoCannotBeRead() {
    var partition = new Pipeline(kit, 10);
    partition.add("a", "a1", T0, 1).run();
    assertThat(show(partition, "nobody").known()).isFalse();
    assertThat(show(partition, "nobody").source()).isEqualTo(Source.TABLES);
    partition.ledger.garble("b");
    assertThat(show(partition, "b").source()).isNull();
    partition.ledger.failNext(3);
    assertThat(show(partition, "c").source()).isNull();
  }

  @Test
  void streamTimeMovesOnWhileThereIsNothingToRead() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "a1", T0, 60).run();
    partition.idleMs = DAY_MS - 1;
    partition.run();
    assertThat(show(partition, "a").exposureMinor()).isEqualTo(60);
    partition.idleMs = DAY_MS;
    partition.run();
    assertThat(show(partition, "a").exposureMinor()).isZero();
    assertThat(show(partition, "a").streamTimeMs()).isEqualTo(T0 + DAY_MS);
  }

  @Test
  void aCheckSaysWhatTheRecordWouldGetAndRecordsNothing() {
    var partition = new Pipeline(kit, 1);
    partition.ledger.account("a", 100, 1);
    partition.ledger.account("b", 100, 1);
    partition.add("a", "a1", T0, 60).add("b", "b1", T0, 60).run();
    for (int i = 0; i < 3; i++) {
      for (String user : List.of("a", "b")) {
        assertThat(check(partition, user, "x", T0 + 1, 40))
            .isEqualTo(
                new CheckAnswer(
                    Outcome.WITHIN, 100, new AccountBalance(100, "USD", 1, 0), "USD", null, null));
        assertThat(check(partition, user, "x", T0 + 1, 41).outcome()).isEqualTo(Outcome.EXCEEDS);
        // What leaves at the very instant is out.
        assertThat(check(partition, user, "x", T0 + DAY_MS, 100).outcome())
            .isEqualTo(Outcome.WITHIN);
        assertThat(check(partition, user, user + "1", T0, 60).outcome())
            .isEqualTo(Outcome.DUPLICATE);
        assertThat(check(partition, user, user + "1", T0, 60).exposureMinor()).isEqualTo(60);
      }
    }
    assertThat(check(partition, "c", "x", T0 + 1, 40).outcome()).isEqualTo(Outcome.NO_ACCOUNT);
    assertThat(partition.run().usersAwake()).isEqualTo(1);
    assertThat(partition.ledger.rows()).hasSize(2);
    assertThat(partition.ledger.alerts()).isEmpty();
    assertThat(partition.add("a", "x", T0 + 1, 41).run().alerts()).hasSize(1);
  }

  @Test
  void aCheckRestsOnTheBalanceAsItIsNowWhateverTheActorKnows() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "a1", T0, 60).run();
    // Nobody has told the actor.
    partition.ledger.version("a", new AccountBalance(50, "USD", 2, T0 + 10));
    assertThat(check(partition, "a", "x", T0 + 11, 1).outcome()).isEqualTo(Outcome.EXCEEDS);
    assertThat(check(partition, "a", "x", T0 + 9, 1).outcome()).isEqualTo(Outcome.WITHIN);
    assertThat(show(partition, "a").balance().version()).isEqualTo(1);
  }

  @Test
  void whatWouldBeADeadLetterIsRejectedWithItsReason() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, "EUR", 1);
    CheckAnswer answer = check(partition, "a", "x", T0, 1);
    assertThat(answer.outcome()).isEqualTo(Outcome.REJECTED);
    assertThat(answer.reason()).isEqualTo("CURRENCY_MISMATCH");
  }

  @Test
  void aTransactionThatWouldPutALaterOneOverTheBalanceSaysSo() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "a1", T0 + 10, 80).run();
    CheckAnswer answer = check(partition, "a", "x", T0, 30);
    assertThat(answer.outcome()).isEqualTo(Outcome.WITHIN);
    assertThat(answer.reason()).isEqualTo(CheckAnswer.LATE_BREACH);
  }

  @Test
  void aUserWhoWasReadFromTooLateAnInstantIsReadAgainForTheCheckAlone() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "a1", T0, 60).run();
    partition.restart();
    partition.add("b", "b1", T0 + 10 * DAY_MS, 1).run();
    partition.actor.tell(new PartitionCommand.AllAccountsChanged());
    partition.run();
    assertThat(check(partition, "a", "x", T0 + 1, 41).outcome()).isEqualTo(Outcome.EXCEEDS);
  }

  @Test
  void aCheckIsAnsweredWhileABatchWaits() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "a1", T0, 60).run();
    partition.add("c", "c1", T0 + 1, 1);
    partition.ledger.loseNext(1);
    partition.tell();
    assertThat(check(partition, "a", "x", T0 + 1, 40).outcome()).isEqualTo(Outcome.WITHIN);
    partition.probe.expectNoMessage();
  }

  @Test
  void soManyMayWaitAndNoMore() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "a1", T0, 60).run();
    partition.ledger.failNext(1);
    assertThat(check(partition, "a", "x", T0 + 1, 40).outcome()).isEqualTo(Outcome.UNAVAILABLE);
    // Of a partition of the test, two.
    partition.ledger.loseNext(2);
    tell(partition.actor, "a", "x", T0 + 1, 40);
    tell(partition.actor, "a", "x", T0 + 1, 40);
    checked.expectNoMessage();
    assertThat(check(partition, "a", "x", T0 + 1, 40).outcome()).isEqualTo(Outcome.BUSY);
    assertThat(show(partition, "nobody").source()).isNull();
    assertThat(show(partition, "a").source()).isEqualTo(Source.MEMORY);
    assertThat(partition.run().usersAwake()).isEqualTo(1);
  }

  @Test
  void aPartitionWithoutAnActorAnswersFromWhatIsStored() {
    var partition = new Pipeline(kit, 10);
    partition.ledger.account("a", 100, 1);
    partition.add("a", "a1", T0, 60).run();
    var entity = kit.spawn(PartitionEntity.create(4, partition.actors, new HashSet<>()));
    entity.tell(new GetUser("a", shown.ref()));
    UserView view = shown.receiveMessage();
    assertThat(view.source()).isEqualTo(Source.TABLES);
    assertThat(view.exposureMinor()).isEqualTo(60);
    tell(entity, "a", "x", T0 + 1, 41);
    assertThat(checked.receiveMessage().outcome()).isEqualTo(Outcome.EXCEEDS);
    entity.tell(new GetTop(By.RATIO, 10, ranked.ref()));
    assertThat(ranked.receiveMessage()).isEqualTo(PartitionWindows.notConsumed(4));
  }

  @Test
  void ranksWhoIsAwakeAndHasAnAccount() {
    Pipeline partition = ofSeveralSlices();
    partition.add("rich", "r1", T0, 999_999_999).run();
    List<String> first = List.of("u1499", "u1498", "u1497");
    assertThat(first(partition, By.RATIO, 3)).containsExactlyElementsOf(first);
    assertThat(first(partition, By.EXCESS, 3)).containsExactlyElementsOf(first);
    assertThat(first(partition, By.EXPOSURE, 3)).containsExactlyElementsOf(first);
    assertThat(first(partition, By.EXPOSURE, 500)).hasSize(500);
    // Who has left the window is out, though no record of theirs has come since.
    partition.add("u7", "later", T0 + DAY_MS, 5).run();
    assertThat(first(partition, By.RATIO, 1)).containsExactly("u7");
  }

  @Test
  void severalMayAskForTheSameAtATime() {
    Pipeline partition = ofSeveralSlices();
    for (int i = 0; i < 10; i++) {
      for (By by : By.values()) {
        partition.actor.tell(new GetTop(by, 5, ranked.ref()));
      }
    }
    for (int i = 0; i < 30; i++) {
      assertThat(ranked.receiveMessage().users())
          .extracting(UserWindow::userId)
          .contains("u1499", "u1495");
    }
  }

  /** Of 1,500 users, each with a greater exposure than the one before. */
  private Pipeline ofSeveralSlices() {
    var partition = new Pipeline(kit, 10_000, 100_000_000, 1000);
    for (int user = 0; user < 1_500; user++) {
      partition.ledger.account("u" + user, 1_000_000, 1);
      partition.add("u" + user, "t" + user, T0, 1 + user);
      if (user % 300 == 299) {
        partition.run();
      }
    }
    return partition;
  }

  private List<String> first(Pipeline partition, By by, int limit) {
    partition.actor.tell(new GetTop(by, limit, ranked.ref()));
    PartitionWindows answer = ranked.receiveMessage();
    assertThat(answer.consumed()).isTrue();
    return answer.users().stream()
        .sorted(
            java.util.Comparator.comparingDouble(
                user -> -by.rank(user.exposureMinor(), user.balance())))
        .limit(limit)
        .map(UserWindow::userId)
        .toList();
  }

  private UserView show(Pipeline partition, String userId) {
    partition.actor.tell(new GetUser(userId, shown.ref()));
    return shown.receiveMessage();
  }

  private CheckAnswer check(
      Pipeline partition, String userId, String transactionId, long atMs, long amountMinor) {
    tell(partition.actor, userId, transactionId, atMs, amountMinor);
    return checked.receiveMessage();
  }

  private void tell(
      RecipientRef<? super Check> to,
      String userId,
      String transactionId,
      long atMs,
      long amountMinor) {
    to.tell(
        new Check(
            new Transaction(
                transactionId,
                userId,
                amountMinor,
                "USD",
                atMs,
                TransactionKind.PURCHASE,
                null,
                null),
            checked.ref()));
  }
}
