package io.spendwatch.actors;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionQuery;
import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.AlertIds;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.SerializationExtension;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
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
    ActorRef<UserView> viewer = kit.createTestProbe(UserView.class).ref();
    ActorRef<PartitionWindows> auditor = kit.createTestProbe(PartitionWindows.class).ref();
    ActorRef<CheckAnswer> checker = kit.createTestProbe(CheckAnswer.class).ref();
    var balance = new AccountBalance(-5, "USD", 7, 3);
    return Stream.of(
        new PartitionQuery.GetUser("u", viewer),
        new PartitionQuery.GetWindows(null, 2, List.of("u"), auditor),
        new PartitionQuery.Reread(List.of("u")),
        new PartitionWindows(1, true, 2, 3, List.of(window("u", balance)), true),
        new PartitionQuery.Settle(),
        new PartitionQuery.Leave(),
        new PartitionQuery.Check(
            new Transaction("t", "u", 5, "USD", 6, TransactionKind.REFUND, "m", null), checker),
        new CheckAnswer(CheckAnswer.Outcome.REJECTED, 5, balance, "USD", "BAD_AMOUNT", "too much"),
        new PartitionQuery.GetTop(PartitionQuery.By.EXCESS, 3, auditor),
        new UserView("u", true, 1, 2, balance, 3, "e", 4, "USD", 5, 6, UserView.Source.MEMORY));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void arrivesAsItLeft(ClusterMessage message) {
    kit.serializationTestKit().verifySerialization(message, true);
  }

  /** What does not fit a frame is dropped without a word to whoever waits for it. */
  @Test
  void aPageOfTheLargestWindowsFitsAFrame() {
    var balance = new AccountBalance(Long.MIN_VALUE, "USD", Long.MAX_VALUE, Long.MAX_VALUE);
    List<UserWindow> users =
        Collections.nCopies(GetWindows.LIMIT_MAX, window("\uD83D\uDE00".repeat(64), balance));
    var page = new PartitionWindows(1, true, Long.MAX_VALUE, Long.MAX_VALUE, users, true);
    long frameBytes =
        kit.system()
            .settings()
            .config()
            .getMemorySize("pekko.remote.artery.advanced.maximum-frame-size")
            .toBytes();
    assertThat(SerializationExtension.get(kit.system()).serialize(page).get().length)
        .isLessThan((int) frameBytes - 1_000);
  }

  private static UserWindow window(String userId, AccountBalance balance) {
    String episodeId = AlertIds.episodeId(userId, "t", "t");
    return new UserWindow(
        userId, Long.MAX_VALUE, Long.MIN_VALUE, Integer.MAX_VALUE, balance, episodeId);
  }
}
