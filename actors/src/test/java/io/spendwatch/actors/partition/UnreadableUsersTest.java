package io.spendwatch.actors.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.exposure.Assessment.Rejected;
import io.spendwatch.actors.exposure.Assessment.Stored;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Verdict;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Users of whom something is stored that nobody can read: they are left out, nobody else is. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UnreadableUsersTest {
  private static final long T0 = 1_600_000_000_000L;
  private static final long DAY_MS = 86_400_000L;

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  @Test
  void theirTransactionsAreRejectedAndTheOthersOfTheBatchAreAssessed() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.ledger.account("b", 100, 1);
    partition.ledger.garble("b");
    partition.add("b", "t1", T0, 10).add("a", "t2", T0 + 1, 20).add("b", "t3", T0 + 2, 30);

    Assessed assessed = partition.run();

    assertThat(assessed.assessments().get(1))
        .isEqualTo(new Stored(Verdict.CLEAR, 20, new AccountBalance(100, "USD", 1, 0), 1));
    for (int place : new int[] {0, 2}) {
      assertThat(assessed.assessments().get(place))
          .isInstanceOfSatisfying(
              Rejected.class,
              rejected -> assertThat(rejected.reason()).isEqualTo(DeadLetterReason.INTERNAL_ERROR));
    }
    assertThat(assessed.streamTimeMs()).isEqualTo(T0 + 2);
  }

  @Test
  void oneWhoIsIdleHoldsUpNobodyAndIsReadAgainWithTheNextTransaction() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.ledger.account("b", 10, 1);
    partition.add("b", "t1", T0, 20).run();
    partition.ledger.garble("b");
    partition.restart();

    // The episode of b ends by this instant, and b is due.
    partition.add("a", "t2", T0 + 2 * DAY_MS, 5);
    Assessed assessed = partition.run();
    assertThat(assessed.assessments())
        .containsExactly(new Stored(Verdict.CLEAR, 5, new AccountBalance(100, "USD", 1, 0), 1));
    assertThat(assessed.alerts()).isEmpty();

    partition.ledger.repair("b");
    partition.add("b", "t3", T0 + 2 * DAY_MS, 1);
    assessed = partition.run();
    assertThat(assessed.assessments())
        .containsExactly(new Stored(Verdict.CLEAR, 1, new AccountBalance(10, "USD", 1, 0), 1));
    assertThat(assessed.alerts())
        .extracting(Alert::userId, Alert::type, Alert::eventTimeMs)
        .containsExactly(tuple("b", AlertType.CLEARED, T0 + DAY_MS));
  }

  @Test
  void anEpisodeEndsInTimeAlsoWhereTheUsersOwnRecordIsTheFirstOfALifeAndComesDaysLater() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("b", 10, 1);
    partition.add("b", "t1", T0, 20).run();
    partition.restart();

    partition.add("b", "t2", T0 + 5 * DAY_MS, 1);

    assertThat(partition.run().alerts())
        .extracting(Alert::type, Alert::eventTimeMs)
        .containsExactly(tuple(AlertType.CLEARED, T0 + DAY_MS));
  }

  @Test
  void oneWhoIsDueAndHasATransactionInTheBatchIsRejectedOnce() {
    var partition = new Pipeline(kit, 1000);
    partition.ledger.account("a", 100, 1);
    partition.ledger.account("b", 10, 1);
    partition.add("b", "t1", T0, 20).run();
    partition.ledger.garble("b");
    partition.restart();

    partition.add("a", "t2", T0 + 2 * DAY_MS, 5).add("b", "t3", T0 + 2 * DAY_MS + 1, 1);
    Assessed assessed = partition.run();

    assertThat(assessed.assessments().getFirst()).isInstanceOf(Stored.class);
    assertThat(assessed.assessments().getLast()).isInstanceOf(Rejected.class);
    assertThat(assessed.alerts()).isEmpty();
  }
}
