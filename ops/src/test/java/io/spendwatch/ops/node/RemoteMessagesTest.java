package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.cbor.databind.CBORMapper;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.exposure.UserWindow;
import io.spendwatch.actors.partition.PartitionQuery;
import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.StatusSamples;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.serialization.Serialization;
import org.apache.pekko.serialization.SerializationExtension;
import org.apache.pekko.serialization.Serializer;
import org.apache.pekko.serialization.Serializers;
import org.apache.pekko.serialization.jackson.JacksonCborSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Nodes of several versions understand each other during a rolling upgrade. The files in {@code
 * remote-messages} were written by the version that introduced each message; every later one must
 * read them.
 *
 * <p>The file of a new message is written by {@code -Dspendwatch.test.write-remote-messages=true}.
 * That of an old one is never written again.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RemoteMessagesTest {
  private static final Path FILES = Path.of("src", "test", "resources", "remote-messages");
  private static final CBORMapper CBOR = new CBORMapper();
  private static final UserWindow WINDOW =
      new UserWindow("u", 4, 5, 6, new AccountBalance(-5, "USD", 7, 3), "e");

  private final ActorTestKit kit =
      ActorTestKit.create(
          "spendwatch",
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.parseResources("spendwatch.conf"))
              .withFallback(ConfigFactory.defaultReferenceUnresolved())
              .resolve());

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  /** As the files have them, but for actors, whose names are those of a node that is gone. */
  private Stream<ClusterMessage> messages() {
    ActorRef<UserView> viewer = kit.<UserView>createTestProbe().ref();
    ActorRef<PartitionWindows> auditing = kit.<PartitionWindows>createTestProbe().ref();
    ActorRef<NodeStatus> asking = kit.<NodeStatus>createTestProbe().ref();
    ActorRef<CheckAnswer> checking = kit.<CheckAnswer>createTestProbe().ref();
    return Stream.of(
        new PartitionQuery.GetUser("u", viewer),
        new PartitionQuery.GetWindows("u", 2, List.of("v"), auditing),
        new PartitionQuery.Reread(List.of("u")),
        new PartitionWindows(1, true, 2, 3, List.of(WINDOW), true),
        new PartitionQuery.Settle(),
        new PartitionQuery.Leave(),
        // Its file is of before openSinceMs and what follows it.
        new UserView(
            "u",
            true,
            1,
            2,
            new AccountBalance(-5, "USD", 7, 3),
            3,
            null,
            Long.MIN_VALUE,
            null,
            Long.MIN_VALUE,
            0,
            null),
        new PartitionQuery.Check(
            new Transaction("t", "u", 5, "USD", 6, TransactionKind.REFUND, "m", "o"), checking),
        new CheckAnswer(
            CheckAnswer.Outcome.WITHIN, 5, new AccountBalance(-5, "USD", 7, 3), "USD", "r", "m"),
        new PartitionQuery.GetTop(PartitionQuery.By.RATIO, 3, auditing),
        new Census.Ask(asking),
        StatusSamples.node(State.WAITING, List.of("Kafka")));
  }

  @Test
  void everyMessageThatMayTravelIsHere() {
    List<String> known =
        new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.spendwatch")
                .stream()
                .filter(type -> type.isAssignableTo(ClusterMessage.class))
                .filter(type -> !type.getModifiers().contains(JavaModifier.ABSTRACT))
                .map(JavaClass::getName)
                .toList();
    assertThat(messages().map(message -> message.getClass().getName()))
        .containsExactlyInAnyOrderElementsOf(known);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void whatAnEarlierVersionHasWrittenIsRead(ClusterMessage message) throws IOException {
    if (Boolean.getBoolean("spendwatch.test.write-remote-messages")
        && Files.notExists(file(message))) {
      Files.createDirectories(FILES);
      Files.write(file(message), written(message));
    }
    assertThat(read(message, Files.readAllBytes(file(message))))
        .usingRecursiveComparison()
        .ignoringFields("replyTo")
        .isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void whatALaterVersionAddsIsIgnored(ClusterMessage message) throws IOException {
    ObjectNode later = (ObjectNode) CBOR.readTree(written(message));
    later.put("addedByALaterVersion", "x");
    Stream.of("node", "totals", "balance")
        .map(later::get)
        .filter(Objects::nonNull)
        .forEach(part -> ((ObjectNode) part).put("addedByALaterVersion", 1));
    assertThat(read(message, CBOR.writeValueAsBytes(later))).isEqualTo(message);
  }

  @Test
  void whatAnEarlierVersionDidNotHaveTakesItsDefault() throws IOException {
    NodeStatus now = StatusSamples.node(State.WAITING, List.of("Kafka"));
    ObjectNode earlier = (ObjectNode) CBOR.readTree(written(now));
    earlier.remove(List.of("members", "partitions", "shards", "partitionCounts", "lostRecords"));
    ((ObjectNode) earlier.get("node")).remove(List.of("usersAwake", "deliveries", "waitingFor"));
    NodeStatus read = (NodeStatus) read(now, CBOR.writeValueAsBytes(earlier));
    assertThat(read.node().id()).isEqualTo("n");
    assertThat(read.node().usersAwake()).isZero();
    assertThat(read.node().deliveries()).isEqualTo(new NodeStatus.Deliveries(0, 0));
    assertThat(read.node().waitingFor()).isEmpty();
    assertThat(read.partitions()).isEmpty();
    assertThat(read.shards()).isEmpty();
    assertThat(read.partitionCounts()).isEmpty();
    assertThat(read.lostRecords()).isEmpty();
  }

  @Test
  void aStateThatALaterVersionAddsIsUnknown() throws IOException {
    NodeStatus now = StatusSamples.node(State.WAITING, List.of());
    ObjectNode later = (ObjectNode) CBOR.readTree(written(now));
    ((ObjectNode) later.get("node")).put("state", "PONDERING");
    assertThat(((NodeStatus) read(now, CBOR.writeValueAsBytes(later))).node().state()).isNull();
  }

  private static Path file(ClusterMessage message) {
    return FILES.resolve(message.getClass().getName() + ".cbor");
  }

  private Object read(ClusterMessage message, byte[] bytes) {
    Serialization serialization = SerializationExtension.get(kit.system());
    Serializer serializer = serialization.findSerializerFor(message);
    assertThat(serializer).isInstanceOf(JacksonCborSerializer.class);
    return serialization
        .deserialize(bytes, serializer.identifier(), Serializers.manifestFor(serializer, message))
        .get();
  }

  private byte[] written(ClusterMessage message) {
    return SerializationExtension.get(kit.system()).serialize(message).get();
  }
}
