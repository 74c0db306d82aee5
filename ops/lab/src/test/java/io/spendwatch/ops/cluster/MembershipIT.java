package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.testing.Launched;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Nodes as a user runs them, several on one machine, that have nothing but the servers in common.
 */
@ExtendWith(Servers.class)
class MembershipIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int PARTITIONS = 2 * TestBed.PARTITIONS;

  private final List<LaunchedNode> nodes = new ArrayList<>();

  @AfterEach
  void end() {
    nodes.parallelStream().forEach(LaunchedNode::close);
  }

  @Test
  void nodesStartedAtOnceAreOneClusterOthersJoinItAndLeaveItInOrder(TestBed bed) {
    for (int i = 0; i < 3; i++) {
      nodes.add(LaunchedNode.start(bed));
    }
    awaitOneClusterOf(3);

    nodes.add(LaunchedNode.start(bed));
    awaitOneClusterOf(4);
    for (LaunchedNode node : nodes) {
      assertThat(statusCommand(0)).contains("127.0.0.1:" + node.httpPort() + " ");
    }

    LaunchedNode leaving = nodes.removeFirst();
    leaving.process().signal("TERM");
    assertThat(leaving.process().awaitEnd(PATIENCE)).isZero();
    assertThat(
            leaving.process().err().stream()
                .filter(line -> line.contains("logger=Departure"))
                .map(line -> line.replaceFirst(".*message=\"(\\w+).*", "$1")))
        .containsExactly("Leaving", "Drained", "Shards", "Left");
    // It said so: nobody had to wait for a time-out of Kafka's or the cluster's.
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> nodes.stream().mapToInt(LaunchedNode::partitions).sum() == PARTITIONS);
    awaitOneClusterOf(3);
  }

  @Test
  void ofTwoNodesEitherSurvivesTheOtherWhichComesBackUnderItsName(TestBed bed) {
    nodes.add(LaunchedNode.start(bed));
    nodes.add(LaunchedNode.start(bed));
    awaitOneClusterOf(2);

    for (int i = 0; i < 2; i++) {
      LaunchedNode killed = nodes.removeFirst();
      List<String> before = nodes.getFirst().membersUp();
      killed.process().signal("KILL");
      nodes.add(LaunchedNode.start(bed, killed.httpPort()));
      awaitOneClusterOf(2);
      assertThat(nodes.getFirst().membersUp()).isNotEqualTo(before);
    }
  }

  @Test
  void aNodeThatItsClusterHasGivenUpEndsAndSaysWhy(TestBed bed) {
    nodes.add(LaunchedNode.start(bed));
    nodes.add(LaunchedNode.start(bed));
    awaitOneClusterOf(2);

    LaunchedNode frozen = nodes.removeFirst();
    frozen.process().signal("STOP");
    // Which is said of it long before it is taken out.
    await("a mark at the member that does not answer")
        .atMost(PATIENCE)
        .until(() -> statusCommand(3).contains("UNREACHABLE"));
    awaitOneClusterOf(1);
    frozen.process().signal("CONT");
    assertThat(frozen.process().awaitEnd(PATIENCE)).isEqualTo(1);
    assertThat(frozen.process().err().getLast())
        .startsWith("spendwatch node: ")
        .contains("has taken this node out");
  }

  /** What {@code ./spendwatch status} says to whoever asks the first node. */
  private String statusCommand(int exitStatus) {
    try (Launched status =
        Launched.start("status", "--url", "http://127.0.0.1:" + nodes.getFirst().httpPort())) {
      assertThat(status.awaitEnd(PATIENCE))
          .as("%s %s", status.out(), status.err())
          .isEqualTo(exitStatus);
      return String.join("\n", status.out());
    }
  }

  /** All are ready, share all partitions, and see each other and nobody else. */
  private void awaitOneClusterOf(int count) {
    await("one cluster of " + count)
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              List<String> members = nodes.getFirst().membersUp();
              assertThat(members).hasSize(count);
              assertThat(nodes).allSatisfy(node -> assertThat(node.isReady()).isTrue());
              assertThat(nodes).allSatisfy(n -> assertThat(n.membersUp()).isEqualTo(members));
              assertThat(nodes.stream().mapToInt(LaunchedNode::partitions).sum())
                  .isEqualTo(PARTITIONS);
            });
  }
}
