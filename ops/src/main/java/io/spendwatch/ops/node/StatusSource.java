package io.spendwatch.ops.node;

import io.spendwatch.ops.cluster.Membership;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.NodeStatus.Member;
import io.spendwatch.ops.status.NodeStatus.NodeInfo;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.NodeStatus.Totals;
import io.spendwatch.streams.PartitionStatus;
import io.spendwatch.streams.Pipelines;
import io.spendwatch.streams.PipelinesStatus;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;

/** Puts a {@link NodeStatus} together from the parts of a node. Thread-safe. */
final class StatusSource {
  private final Cluster cluster;
  private final String nodeId;
  private final InstantSource clock;
  private final Instant startedAt;
  private volatile Membership membership;
  private volatile Pipelines pipelines;
  private volatile boolean draining;

  StatusSource(ActorSystem<?> system, String nodeId, Instant startedAt, InstantSource clock) {
    this.cluster = Cluster.get(system);
    this.nodeId = nodeId;
    this.startedAt = startedAt;
    this.clock = clock;
  }

  /** From now on there is something to ask. */
  void started(Membership startedMembership, Pipelines startedPipelines) {
    membership = startedMembership;
    pipelines = startedPipelines;
  }

  /** From now on the node is on its way out. */
  void draining() {
    draining = true;
  }

  NodeStatus now() {
    Pipelines asked = pipelines;
    PipelinesStatus state =
        asked == null ? new PipelinesStatus(List.of(), false, "its own start") : asked.status();
    long nowMs = clock.millis();
    List<Partition> partitions =
        state.partitions().stream().map(partition -> partition(partition, nowMs)).toList();
    return new NodeStatus(node(state), members(), partitions, Totals.of(partitions));
  }

  private NodeInfo node(PipelinesStatus pipelinesStatus) {
    List<String> waitingFor = waitingFor(pipelinesStatus);
    State state = draining ? State.DRAINING : waitingFor.isEmpty() ? State.READY : State.WAITING;
    return new NodeInfo(
        nodeId,
        cluster.selfMember().address().toString(),
        state,
        waitingFor,
        startedAt,
        pipelinesStatus.balancesPushed());
  }

  private List<String> waitingFor(PipelinesStatus status) {
    Set<String> different = new LinkedHashSet<>();
    Membership asked = membership;
    if (asked != null) {
      asked.waitingFor().ifPresent(different::add);
    }
    if (status.waitingFor() != null) {
      different.add(status.waitingFor());
    }
    status.partitions().stream()
        .map(PartitionStatus::waitingFor)
        .filter(Objects::nonNull)
        .forEach(different::add);
    if (!status.balancesPushed()) {
      different.add("PostgreSQL: the connection that pushes balance changes");
    }
    if (different.isEmpty() && status.partitions().isEmpty()) {
      different.add("partitions, from the consumer group");
    }
    if (different.isEmpty() && !status.isHealthy()) {
      different.add("partitions that are starting");
    }
    return new ArrayList<>(different);
  }

  private List<Member> members() {
    return StreamSupport.stream(cluster.state().getMembers().spliterator(), false)
        .map(member -> new Member(member.address().toString(), member.status().toString()))
        .toList();
  }

  private static Partition partition(PartitionStatus status, long nowMs) {
    boolean lagKnown = status.lagRecords() >= 0;
    boolean timeKnown = status.lastEventTimeMs() != Long.MIN_VALUE;
    Long lagMs = null;
    if (lagKnown && status.lagRecords() == 0) {
      lagMs = 0L;
    } else if (timeKnown) {
      lagMs = Math.max(0, nowMs - status.lastEventTimeMs());
    }
    return new Partition(
        status.topic(),
        status.partition(),
        status.state().name(),
        status.epoch(),
        status.position(),
        lagKnown ? status.lagRecords() : null,
        lagMs,
        timeKnown ? Instant.ofEpochMilli(status.lastEventTimeMs()) : null,
        status.transactions(),
        status.alerts(),
        status.deadLetters(),
        status.internalErrors(),
        status.duplicates(),
        status.restarts(),
        status.waitingFor());
  }
}
