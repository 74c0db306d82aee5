package io.spendwatch.ops.status;

import io.spendwatch.ops.status.NodeStatus.Deliveries;
import io.spendwatch.ops.status.NodeStatus.LostRange;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.Shard;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.NodeStatus.Totals;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How the cluster is, as one of its nodes has heard from all: the document behind {@code
 * /api/v1/status}, and what the {@code status} command shows.
 *
 * @param node the id of the node that asked the others
 * @param nodes members of the cluster, and the node itself if it is none yet
 * @param partitions all of both topics, those that no node consumes included
 * @param shards where the partitions of the transactions topic are addressed
 * @param totals over the partitions
 * @param audit the last run of the audit that any node knows of; null for none
 * @param lostRecords which nobody has acknowledged, the newest first, as the node that asked knows
 * @param replica for questions over much data, as the node that asked sees it; null for none
 * @param archive how far it is, as the node that asked knows; null where there is none
 * @param rounds how those of the archive stand, as the node that asked knows; null where there
 *     never were any
 */
public record ClusterStatus(
    String node,
    List<Node> nodes,
    List<Partition> partitions,
    List<Shard> shards,
    Totals totals,
    AuditStatus audit,
    List<LostRange> lostRecords,
    ReplicaStatus replica,
    ArchiveStatus archive,
    RoundsStatus rounds) {

  /**
   * What the asking node's cluster knows of one of its members.
   *
   * @param member its status there, such as {@code Up}
   * @param reachable whether it is seen by the others
   */
  public record Membership(String address, String member, boolean reachable, List<String> roles) {
    /** Of a node that is in no cluster. */
    public static final String NONE = "none";
  }

  /**
   * A node.
   *
   * @param id null for a member that did not answer, like all that only the node itself knows
   * @param address within the cluster
   * @param http host and port at which it answers
   * @param member its status in the cluster
   * @param waitingFor for people; empty while ready
   * @param unreadableRows for people: rows that the node cannot read, with what is wrong
   * @param deadLetterFloods for people: topics, and users, of which it has put many records aside
   *     just now
   * @param version of its program; empty where it does not say
   */
  public record Node(
      String id,
      String address,
      String http,
      String member,
      boolean reachable,
      List<String> roles,
      State state,
      List<String> waitingFor,
      Instant startedAt,
      long usersAwake,
      Deliveries deliveries,
      List<String> unreadableRows,
      List<String> deadLetterFloods,
      String version) {

    public Node {
      // A node of an earlier version that is asked says nothing of it.
      deadLetterFloods = Objects.requireNonNullElse(deadLetterFloods, List.of());
      version = Objects.requireNonNullElse(version, "");
    }

    static Node of(Membership membership, Optional<NodeStatus> answer) {
      return answer
          .map(NodeStatus::node)
          .map(
              info ->
                  new Node(
                      info.id(),
                      membership.address(),
                      info.http(),
                      membership.member(),
                      membership.reachable(),
                      membership.roles(),
                      info.state(),
                      info.waitingFor(),
                      info.startedAt(),
                      info.usersAwake(),
                      info.deliveries(),
                      info.unreadableRows(),
                      info.deadLetterFloods(),
                      info.version()))
          .orElseGet(
              () ->
                  new Node(
                      null,
                      membership.address(),
                      null,
                      membership.member(),
                      membership.reachable(),
                      membership.roles(),
                      null,
                      List.of("no answer"),
                      null,
                      0,
                      Deliveries.NONE,
                      List.of(),
                      List.of(),
                      ""));
    }

    boolean isWell() {
      return reachable && state == State.READY;
    }
  }

  /**
   * Puts together what the nodes have said.
   *
   * @param asking the node that asked, which always answers itself
   * @param memberships of its cluster
   * @param answers of all that answered
   */
  public static ClusterStatus of(
      NodeStatus asking, Collection<Membership> memberships, Collection<NodeStatus> answers) {
    Map<String, NodeStatus> byAddress =
        answers.stream()
            .collect(
                Collectors.toMap(
                    answer -> answer.node().address(), Function.identity(), (_, last) -> last));
    byAddress.put(asking.node().address(), asking);
    Map<String, Membership> members = new HashMap<>();
    members.put(
        asking.node().address(),
        new Membership(asking.node().address(), Membership.NONE, true, List.of()));
    memberships.forEach(membership -> members.put(membership.address(), membership));

    List<Node> nodes =
        members.values().stream()
            .map(
                membership ->
                    Node.of(membership, Optional.ofNullable(byAddress.get(membership.address()))))
            .sorted(
                Comparator.comparing(
                        Node::id, Comparator.nullsLast(Comparator.<String>naturalOrder()))
                    .thenComparing(Node::address))
            .toList();
    List<Partition> partitions = partitions(byAddress.values());
    return new ClusterStatus(
        asking.node().id(),
        nodes,
        partitions,
        shards(byAddress.values()),
        Totals.of(partitions),
        lastAudit(byAddress.values()),
        asking.lostRecords(),
        asking.replica(),
        asking.archive(),
        asking.rounds());
  }

  /** Whether every node is ready, and every partition has one. */
  public boolean isReady() {
    return nodes.stream().allMatch(Node::isWell)
        && !partitions.isEmpty()
        && partitions.stream().allMatch(Partition::isOwned);
  }

  private static AuditStatus lastAudit(Collection<NodeStatus> answers) {
    return answers.stream()
        .map(NodeStatus::audit)
        .filter(Objects::nonNull)
        .max(Comparator.comparingLong(AuditStatus::runId))
        .orElse(null);
  }

  private static List<Shard> shards(Collection<NodeStatus> answers) {
    return answers.stream()
        .flatMap(answer -> answer.shards().stream())
        .sorted(Comparator.comparing(Shard::topic).thenComparingInt(Shard::partition))
        .toList();
  }

  /** Where two nodes name a partition theirs, the later epoch is right. */
  private static List<Partition> partitions(Collection<NodeStatus> answers) {
    Map<String, Integer> counts = new TreeMap<>(Comparator.reverseOrder());
    Map<String, Map<Integer, Partition>> owned = new HashMap<>();
    for (NodeStatus answer : answers) {
      answer.partitionCounts().forEach((topic, count) -> counts.merge(topic, count, Math::max));
      for (Partition partition : answer.partitions()) {
        counts.merge(partition.topic(), partition.partition() + 1, Math::max);
        owned
            .computeIfAbsent(partition.topic(), _ -> new HashMap<>())
            .merge(
                partition.partition(),
                partition,
                (one, other) -> one.epoch() > other.epoch() ? one : other);
      }
    }
    List<Partition> all = new ArrayList<>();
    counts.forEach(
        (topic, count) ->
            IntStream.range(0, count)
                .mapToObj(
                    number -> {
                      Partition partition = owned.getOrDefault(topic, Map.of()).get(number);
                      return partition == null ? Partition.unowned(topic, number) : partition;
                    })
                .forEach(all::add));
    return all;
  }
}
