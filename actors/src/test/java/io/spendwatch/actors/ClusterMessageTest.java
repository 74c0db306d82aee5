package io.spendwatch.actors;

import com.typesafe.config.ConfigFactory;
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
    ActorRef<UserView> viewer = kit.createTestProbe(UserView.class).ref();
    var balance = new AccountBalance(-5, "USD", 7, 3);
    return Stream.of(
        new PartitionQuery.GetUser("u", viewer),
        new PartitionQuery.Settle(),
        new PartitionQuery.Leave(),
        new UserView("u", true, 1, 2, balance, 3, null));
  }

  @ParameterizedTest
  @MethodSource("messages")
  void arrivesAsItLeft(ClusterMessage message) {
    kit.serializationTestKit().verifySerialization(message, true);
  }
}
