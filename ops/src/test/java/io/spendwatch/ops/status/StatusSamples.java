package io.spendwatch.ops.status;

import io.spendwatch.ops.status.NodeStatus.Deliveries;
import io.spendwatch.ops.status.NodeStatus.Member;
import io.spendwatch.ops.status.NodeStatus.NodeInfo;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.Shard;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.NodeStatus.Totals;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Nodes' answers for tests. */
public final class StatusSamples {
  private StatusSamples() {}

  /** Node {@code n} at {@code pekko://s@n:1}, with partition 3 of four. */
  public static NodeStatus node(State state, List<String> waitingFor) {
    return node("n", state, waitingFor, List.of(partition("n", 3, 2)));
  }

  static NodeStatus node(
      String id, State state, List<String> waitingFor, List<Partition> partitions) {
    return new NodeStatus(
        new NodeInfo(
            id,
            address(id),
            id + ":8080",
            state,
            waitingFor,
            Instant.parse("2030-01-01T00:00:00Z"),
            true,
            partitions.stream().mapToLong(Partition::usersAwake).sum(),
            new Deliveries(7, 1),
            List.of(),
            List.of(),
            ""),
        List.of(new Member(address(id), "Up")),
        partitions,
        partitions.stream().map(p -> new Shard(p.topic(), p.partition(), id)).toList(),
        Map.of("transactions", 4),
        Totals.of(partitions),
        null,
        List.of(),
        null,
        null,
        null);
  }

  static NodeInfo withUnreadableRow(NodeInfo info, String row) {
    return new NodeInfo(
        info.id(),
        info.address(),
        info.http(),
        info.state(),
        info.waitingFor(),
        info.startedAt(),
        info.balancesPushed(),
        info.usersAwake(),
        info.deliveries(),
        List.of(row),
        info.deadLetterFloods(),
        info.version());
  }

  static String address(String id) {
    return "pekko://s@" + id + ":1";
  }

  static Partition partition(String node, int number, long epoch) {
    return partition(node, "transactions", number, epoch, 5L, null);
  }

  static Partition partition(
      String node, String topic, int number, long epoch, Long lagRecords, Long lagMs) {
    return new Partition(
        topic,
        number,
        node,
        "RUNNING",
        epoch,
        10,
        lagRecords,
        lagMs,
        null,
        6,
        4,
        3,
        2,
        1,
        1,
        0,
        null);
  }

  static Partition at(Partition partition, Instant lastEventTime) {
    return new Partition(
        partition.topic(),
        partition.partition(),
        partition.node(),
        partition.state(),
        partition.epoch(),
        partition.position(),
        partition.lagRecords(),
        partition.lagMs(),
        lastEventTime,
        partition.usersAwake(),
        partition.transactions(),
        partition.alerts(),
        partition.deadLetters(),
        partition.internalErrors(),
        partition.duplicates(),
        partition.restarts(),
        partition.waitingFor());
  }
}
