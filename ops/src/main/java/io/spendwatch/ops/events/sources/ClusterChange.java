package io.spendwatch.ops.events.sources;

import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus.Partition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The data of a {@code cluster} event.
 *
 * @param node the id of the node that tells
 * @param nodes all of them, as they are now
 * @param moved partitions that have another owner than before
 */
record ClusterChange(String node, List<Node> nodes, List<Moved> moved) {

  /**
   * A node of the cluster.
   *
   * @param id null for one that does not answer, like {@code http} and {@code state}
   * @param member its status in the cluster
   */
  record Node(
      String id, String address, String http, String member, boolean reachable, String state) {}

  /**
   * A partition that has changed hands.
   *
   * @param from the id of the node that had it; null for none, like {@code to}
   */
  record Moved(String topic, int partition, String from, String to) {}

  private record Source(String topic, int partition) {}

  /** From one status to the next; empty where nodes and owners are the same. */
  static Optional<ClusterChange> between(ClusterStatus before, ClusterStatus now) {
    Map<Source, String> owners = new HashMap<>();
    for (Partition partition : before.partitions()) {
      owners.put(new Source(partition.topic(), partition.partition()), partition.node());
    }
    List<Moved> moved = new ArrayList<>();
    for (Partition partition : now.partitions()) {
      String from = owners.get(new Source(partition.topic(), partition.partition()));
      if (!Objects.equals(from, partition.node())) {
        moved.add(new Moved(partition.topic(), partition.partition(), from, partition.node()));
      }
    }
    List<Node> nodes = nodes(now);
    return moved.isEmpty() && nodes.equals(nodes(before))
        ? Optional.empty()
        : Optional.of(new ClusterChange(now.node(), nodes, moved));
  }

  private static List<Node> nodes(ClusterStatus status) {
    return status.nodes().stream()
        .map(
            node ->
                new Node(
                    node.id(),
                    node.address(),
                    node.http(),
                    node.member(),
                    node.reachable(),
                    node.state() == null ? null : node.state().name()))
        .toList();
  }
}
