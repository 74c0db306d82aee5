package io.spendwatch.ops.status;

import static io.spendwatch.ops.status.StatusSamples.address;
import static io.spendwatch.ops.status.StatusSamples.node;
import static io.spendwatch.ops.status.StatusSamples.partition;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.status.ClusterStatus.Membership;
import io.spendwatch.ops.status.ClusterStatus.Node;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.State;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterStatusTest {
  private static final NodeStatus A =
      node("a", State.READY, List.of(), List.of(partition("a", 0, 1), partition("a", 1, 1)));
  private static final NodeStatus B =
      node("b", State.READY, List.of(), List.of(partition("b", 2, 1), partition("b", 3, 1)));

  @Test
  void isReadyWhenAllNodesAreAndEachPartitionHasOne() {
    ClusterStatus status = ClusterStatus.of(A, List.of(up("a"), up("b")), List.of(A, B));
    assertThat(status.isReady()).isTrue();
    assertThat(status.node()).isEqualTo("a");
    assertThat(status.nodes()).extracting(Node::id).containsExactly("a", "b");
    assertThat(status.partitions()).extracting(Partition::node).containsExactly("a", "a", "b", "b");
    assertThat(status.shards()).hasSize(4);
    assertThat(status.totals().transactions()).isEqualTo(16);
    assertThat(status.totals().usersAwake()).isEqualTo(24);
  }

  @Test
  void listsAPartitionThatNobodyConsumes() {
    NodeStatus half = node("b", State.READY, List.of(), List.of(partition("b", 3, 1)));
    ClusterStatus status = ClusterStatus.of(A, List.of(up("a"), up("b")), List.of(A, half));
    assertThat(status.isReady()).isFalse();
    assertThat(status.partitions()).hasSize(4);
    assertThat(status.partitions().get(2).node()).isNull();
    assertThat(status.partitions().get(2).state()).isEqualTo(Partition.UNOWNED);
    assertThat(status.totals().lagRecords()).isNull();
  }

  @Test
  void listsAMemberThatDoesNotAnswer() {
    ClusterStatus status =
        ClusterStatus.of(
            A, List.of(up("a"), new Membership(address("b"), "Up", false, List.of())), List.of(A));
    assertThat(status.isReady()).isFalse();
    assertThat(status.nodes()).hasSize(2);
    assertThat(status.nodes().getLast())
        .satisfies(
            silent -> {
              assertThat(silent.id()).isNull();
              assertThat(silent.address()).isEqualTo(address("b"));
              assertThat(silent.reachable()).isFalse();
              assertThat(silent.state()).isNull();
            });
  }

  @Test
  void aPartitionBelongsToTheLaterEpoch() {
    NodeStatus former = node("b", State.READY, List.of(), List.of(partition("b", 1, 7)));
    NodeStatus owner = node("c", State.READY, List.of(), List.of(partition("c", 1, 8)));
    for (var answers : List.of(List.of(former, owner), List.of(owner, former))) {
      assertThat(ClusterStatus.of(A, List.of(), answers).partitions().get(1).node()).isEqualTo("c");
    }
  }

  @Test
  void aNodeThatIsInNoClusterAnswersForItself() {
    ClusterStatus status = ClusterStatus.of(A, List.of(), List.of());
    assertThat(status.nodes())
        .singleElement()
        .satisfies(
            alone -> {
              assertThat(alone.id()).isEqualTo("a");
              assertThat(alone.member()).isEqualTo(Membership.NONE);
            });
    assertThat(status.isReady()).isFalse();
  }

  private static Membership up(String id) {
    return new Membership(address(id), "Up", true, List.of());
  }
}
