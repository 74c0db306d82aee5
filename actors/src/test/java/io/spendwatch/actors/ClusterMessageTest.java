package io.spendwatch.actors;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What may travel between nodes arrives as it left. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClusterMessageTest {

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString(
                  """
                  pekko.actor.provider = local
                  pekko.actor.allow-java-serialization = off
                  """)
              .withFallback(ConfigFactory.load()));

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  private Stream<ClusterMessage> messages() {
    ActorRef<PartitionCommand.Reply> replyTo =
        kit.createTestProbe(PartitionCommand.Reply.class).ref();
    ActorRef<UserView> viewer = kit.createTestProbe(UserView.class).ref();
    var transaction =
        new Transaction(
            "t1",
            "u",
            Long.MAX_VALUE,
            "USD",
            1_600_000_000_000L,
            TransactionKind.REFUND,
            "m",
            null);
    var balance = new AccountBalance(-5, "USD", 7, 3);
    var alert =
        new Alert(
            "a1",
            AlertType.CLEARED,
            "e1",
            "u",
            null,
            -1,
            2,
            "USD",
            3,
            4,
            5,
            true,
            AlertCause.EXPIRY,
            new Alert.Source("transactions", 1, 2));
    List<Judgement> judgements =
        List.of(
            new Judgement.Judged(Verdict.BREACH, 12, balance),
            new Judgement.Judged(Verdict.NO_ACCOUNT, 12, null),
            new Judgement.Duplicate(),
            new Judgement.Rejected(DeadLetterReason.CURRENCY_MISMATCH, "why"));
    return Stream.of(
        new PartitionCommand.Assess(
            1, 2, 3, 4, true, 5, List.of(new Received(transaction, 9)), replyTo),
        new PartitionCommand.AccountsChanged(Set.of("u", "v")),
        new PartitionCommand.AllAccountsChanged(),
        new PartitionCommand.GetUser("u", viewer),
        new PartitionCommand.Stop(),
        new PartitionCommand.Assessed(1, 2, judgements, List.of(alert), Long.MIN_VALUE),
        new PartitionCommand.StaleEpoch(3),
        new PartitionCommand.Unavailable("PostgreSQL"),
        new PartitionCommand.Failed("our own"),
        new UserView("u", true, 1, 2, balance, 3, null));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void arrivesAsItLeft(ClusterMessage message) {
    kit.serializationTestKit().verifySerialization(message, true);
  }
}
