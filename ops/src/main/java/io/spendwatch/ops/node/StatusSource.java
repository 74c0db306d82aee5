package io.spendwatch.ops.node;

import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.ops.Build;
import io.spendwatch.ops.cluster.Membership;
import io.spendwatch.ops.status.ArchiveStatus;
import io.spendwatch.ops.status.AuditStatus;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.NodeStatus.Deliveries;
import io.spendwatch.ops.status.NodeStatus.LostRange;
import io.spendwatch.ops.status.NodeStatus.Member;
import io.spendwatch.ops.status.NodeStatus.NodeInfo;
import io.spendwatch.ops.status.NodeStatus.Partition;
import io.spendwatch.ops.status.NodeStatus.Shard;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.NodeStatus.Totals;
import io.spendwatch.ops.status.ReplicaStatus;
import io.spendwatch.ops.status.RoundsStatus;
import io.spendwatch.protocol.Secrets;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.pipeline.Pipelines;
import io.spendwatch.streams.pipeline.PipelinesStatus;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.StreamSupport;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;

/** Puts a {@link NodeStatus} together from the parts of a node. Thread-safe. */
final class StatusSource {
  private final Cluster cluster;
  private final String nodeId;
  private final String transactionsTopic;
  private final PartitionActors actors;
  private final PartitionSharding sharding;
  private final UnreadableRows unreadable;
  private final InstantSource clock;
  private final Instant startedAt;
  private volatile String http = "";
  private volatile Membership membership;
  private volatile Pipelines pipelines;
  private volatile Supplier<AuditStatus> audit = () -> null;
  private volatile Supplier<List<LostRange>> losses = List::of;
  private volatile Supplier<List<String>> floods = List::of;
  private volatile Supplier<ReplicaStatus> replica = () -> null;
  private volatile Supplier<ArchiveStatus> archive = () -> null;
  private volatile Supplier<RoundsStatus> rounds = () -> null;
  private volatile boolean draining;

  /**
   * @param transactionsTopic whose partitions are the shards
   */
  StatusSource(
      ActorSystem<?> system,
      String nodeId,
      String transactionsTopic,
      PartitionActors actors,
      PartitionSharding sharding,
      UnreadableRows unreadable,
      InstantSource clock) {
    this.cluster = Cluster.get(system);
    this.nodeId = nodeId;
    this.transactionsTopic = transactionsTopic;
    this.actors = actors;
    this.sharding = sharding;
    this.unreadable = unreadable;
    this.clock = clock;
    this.startedAt = clock.instant();
  }

  Instant startedAt() {
    return startedAt;
  }

  /** From now on there is something to ask, at this host and port. */
  void started(String httpAddress, Membership startedMembership, Pipelines startedPipelines) {
    http = httpAddress;
    membership = startedMembership;
    pipelines = startedPipelines;
  }

  /** Asked for the last run of the audit from now on; answers null for none, and blocks nobody. */
  void audited(Supplier<AuditStatus> lastRun) {
    audit = lastRun;
  }

  /** Asked for what is lost and not acknowledged from now on; blocks nobody. */
  void losses(Supplier<List<LostRange>> open) {
    losses = open;
  }

  /** Asked how far the archive is from now on; answers null for none, and blocks nobody. */
  void archived(Supplier<ArchiveStatus> ofNow) {
    archive = ofNow;
  }

  /** Asked how rounds stand from now on; answers null for none, and blocks nobody. */
  void rounds(Supplier<RoundsStatus> ofNow) {
    rounds = ofNow;
  }

  /** Asked for floods of dead letters from now on; blocks nobody. */
  void deadLetters(Supplier<List<String>> ofNow) {
    floods = ofNow;
  }

  /** Asked how the replica stands from now on; blocks nobody. */
  void replica(Supplier<ReplicaStatus> last) {
    replica = last;
  }

  /** From now on the node is on its way out. */
  void draining() {
    draining = true;
  }

  /** How many partitions of the transactions there are; empty while that is not known. */
  OptionalInt transactionsPartitions() {
    Pipelines asked = pipelines;
    return asked == null ? OptionalInt.empty() : asked.transactionsPartitions();
  }

  NodeStatus now() {
    Pipelines asked = pipelines;
    PipelinesStatus state =
        asked == null
            ? new PipelinesStatus(List.of(), Map.of(), false, 0, Optional.of("its own start"))
            : asked.status();
    long nowMs = clock.millis();
    List<Partition> partitions =
        state.partitions().stream().map(partition -> partition(partition, nowMs)).toList();
    Totals totals = Totals.of(partitions);
    return new NodeStatus(
        node(state, totals),
        members(),
        partitions,
        shards(),
        state.partitionCounts(),
        totals,
        audit.get(),
        losses.get(),
        replica.get(),
        archive.get(),
        rounds.get());
  }

  private NodeInfo node(PipelinesStatus pipelinesStatus, Totals totals) {
    List<String> waitingFor = waitingFor(pipelinesStatus);
    State state = draining ? State.DRAINING : waitingFor.isEmpty() ? State.READY : State.WAITING;
    return new NodeInfo(
        nodeId,
        cluster.selfMember().address().toString(),
        http,
        state,
        waitingFor.stream().map(Secrets::masked).toList(),
        startedAt,
        pipelinesStatus.balancesPushed(),
        totals.usersAwake(),
        new Deliveries(actors.deliveries().local(), actors.deliveries().remote()),
        unreadable.named(),
        floods.get(),
        Build.VERSION);
  }

  private List<Shard> shards() {
    return sharding.shardsHere().stream()
        .sorted()
        .map(partition -> new Shard(transactionsTopic, partition, nodeId))
        .toList();
  }

  private List<String> waitingFor(PipelinesStatus status) {
    Set<String> different = new LinkedHashSet<>();
    Membership asked = membership;
    if (asked != null) {
      asked.waitingFor().ifPresent(different::add);
    }
    status.waitingFor().ifPresent(different::add);
    status.partitions().forEach(each -> each.waitingFor().ifPresent(different::add));
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

  private Partition partition(PartitionStatus status, long nowMs) {
    boolean lagKnown = status.lagRecords() >= 0;
    boolean timeKnown = status.lastEventTimeMs() != Long.MIN_VALUE;
    long lagMs = status.lagMs(nowMs);
    return new Partition(
        status.topic(),
        status.partition(),
        nodeId,
        status.state().name(),
        status.epoch(),
        status.position(),
        lagKnown ? status.lagRecords() : null,
        lagMs < 0 ? null : lagMs,
        timeKnown ? Instant.ofEpochMilli(status.lastEventTimeMs()) : null,
        status.usersAwake(),
        status.transactions(),
        status.alerts(),
        status.deadLetters(),
        status.internalErrors(),
        status.duplicates(),
        status.restarts(),
        status.waitingFor().map(Secrets::masked).orElse(null));
  }
}
