package io.spendwatch.ops.status;

import io.spendwatch.actors.ClusterMessage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How a node is: the document behind {@code /api/v1/status?scope=node}, and what a node tells the
 * others of itself. Nodes of other versions read it: fields may be added, with a default for when
 * they are missing, but not renamed, removed or used for something else.
 *
 * @param node the node that answers
 * @param members of the cluster, as this node sees it
 * @param partitions that this node consumes
 * @param shards that are on this node
 * @param partitionCounts how many there are, on this node or not, by topic; empty while unknown
 * @param totals over its partitions
 * @param audit the last run of the audit that the node knows of; null for none
 * @param lostRecords of the whole cluster, which nobody has acknowledged, the newest first
 * @param replica for questions over much data, as the node sees it; null for none
 * @param archive how far it is; null where there is none, and before the node knows
 * @param rounds how those of the archive stand; null where there never were any, and before the
 *     node knows
 */
public record NodeStatus(
    NodeInfo node,
    List<Member> members,
    List<Partition> partitions,
    List<Shard> shards,
    Map<String, Integer> partitionCounts,
    Totals totals,
    AuditStatus audit,
    List<LostRange> lostRecords,
    ReplicaStatus replica,
    ArchiveStatus archive,
    RoundsStatus rounds)
    implements ClusterMessage {

  public NodeStatus {
    members = orEmpty(members);
    partitions = orEmpty(partitions);
    shards = orEmpty(shards);
    lostRecords = orEmpty(lostRecords);
    partitionCounts = Objects.requireNonNullElse(partitionCounts, Map.of());
  }

  /** Whether the node does its work. */
  public enum State {
    /** Consuming, with everything there that it needs. */
    READY,
    /** Something is not there yet, or not any more: see {@link NodeInfo#waitingFor}. */
    WAITING,
    /** On its way out: finishing what is in flight. */
    DRAINING
  }

  /**
   * The node itself.
   *
   * @param address within the cluster
   * @param http host and port at which it answers
   * @param waitingFor for people, each different thing once; empty while ready
   * @param balancesPushed whether balance changes reach it; else each check reads the balance
   * @param usersAwake in memory
   * @param deliveries to its partitions' actors since its start
   * @param unreadableRows for people: rows that it has met and cannot read, with what is wrong
   * @param deadLetterFloods for people: topics, and users, of which many records were put aside
   *     just now
   * @param version of its program; empty where it does not say
   */
  public record NodeInfo(
      String id,
      String address,
      String http,
      State state,
      List<String> waitingFor,
      Instant startedAt,
      boolean balancesPushed,
      long usersAwake,
      Deliveries deliveries,
      List<String> unreadableRows,
      List<String> deadLetterFloods,
      String version) {

    public NodeInfo {
      version = Objects.requireNonNullElse(version, "");
      waitingFor = orEmpty(waitingFor);
      unreadableRows = orEmpty(unreadableRows);
      deadLetterFloods = orEmpty(deadLetterFloods);
      deliveries = Objects.requireNonNullElse(deliveries, Deliveries.NONE);
    }
  }

  /** How often partition actors were reached from their own node, and from another one. */
  public record Deliveries(long local, long remote) {
    static final Deliveries NONE = new Deliveries(0, 0);
  }

  /** A member of the cluster. */
  public record Member(String address, String status) {}

  /**
   * Where a partition is addressed in the cluster.
   *
   * @param node the id
   */
  public record Shard(String topic, int partition, String node) {}

  /**
   * A partition of the transactions or balances topic.
   *
   * @param node that consumes it, by its id; null for none
   * @param state of its pipeline, or {@link #UNOWNED}
   * @param lagRecords offsets between what was read and the partition's end; null while unknown
   * @param lagMs how long the oldest record has waited that is not published, by its timestamp,
   *     milliseconds; 0 when caught up, null while unknown
   * @param lastEventTime of the last record that was assessed; null before any
   * @param usersAwake in memory
   * @param internalErrors of the dead letters: those on which our own code failed
   * @param waitingFor for people; null while nothing
   */
  public record Partition(
      String topic,
      int partition,
      String node,
      String state,
      long epoch,
      long position,
      Long lagRecords,
      Long lagMs,
      Instant lastEventTime,
      long usersAwake,
      long transactions,
      long alerts,
      long deadLetters,
      long internalErrors,
      long duplicates,
      long restarts,
      String waitingFor) {

    /** The state of a partition that no node consumes. */
    public static final String UNOWNED = "UNOWNED";

    static Partition unowned(String topic, int partition) {
      return new Partition(
          topic, partition, null, UNOWNED, 0, 0, null, null, null, 0, 0, 0, 0, 0, 0, 0, null);
    }

    boolean isOwned() {
      return node != null;
    }
  }

  /**
   * Records that were gone before they were read: the offsets [from, to).
   *
   * @param to null where nobody knows how far the topic reached
   * @param reason a stable code
   * @param noticedBy the node's id
   */
  public record LostRange(
      String topic,
      int partition,
      long from,
      Long to,
      String reason,
      String noticedBy,
      Instant noticedAt) {}

  /**
   * Sums over partitions since their nodes got them.
   *
   * @param lagRecords null while it is unknown for one of them
   * @param lagMs the largest; null while none is known
   * @param internalErrors of the dead letters: those on which our own code failed
   */
  public record Totals(
      Long lagRecords,
      Long lagMs,
      long usersAwake,
      long transactions,
      long alerts,
      long deadLetters,
      long internalErrors,
      long duplicates) {

    /** Adds them up. */
    public static Totals of(List<Partition> partitions) {
      boolean known = partitions.stream().allMatch(p -> p.lagRecords() != null);
      return new Totals(
          known ? partitions.stream().mapToLong(Partition::lagRecords).sum() : null,
          partitions.stream()
              .map(Partition::lagMs)
              .filter(Objects::nonNull)
              .max(Long::compare)
              .orElse(null),
          partitions.stream().mapToLong(Partition::usersAwake).sum(),
          partitions.stream().mapToLong(Partition::transactions).sum(),
          partitions.stream().mapToLong(Partition::alerts).sum(),
          partitions.stream().mapToLong(Partition::deadLetters).sum(),
          partitions.stream().mapToLong(Partition::internalErrors).sum(),
          partitions.stream().mapToLong(Partition::duplicates).sum());
    }
  }

  private static <T> List<T> orEmpty(List<T> list) {
    return Objects.requireNonNullElse(list, List.of());
  }
}
