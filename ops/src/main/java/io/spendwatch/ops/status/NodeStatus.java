package io.spendwatch.ops.status;

import java.time.Instant;
import java.util.List;

/**
 * How a node is: the document behind {@code /api/v1/status}, and what the {@code status} command
 * shows.
 *
 * @param node the node that answers
 * @param members of the cluster, as this node sees it
 * @param partitions that this node consumes
 * @param totals over them
 */
public record NodeStatus(
    NodeInfo node, List<Member> members, List<Partition> partitions, Totals totals) {

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
   * @param waitingFor for people, each different thing once; empty while ready
   * @param balancesPushed whether balance changes reach it; else each check reads the balance
   */
  public record NodeInfo(
      String id,
      String address,
      State state,
      List<String> waitingFor,
      Instant startedAt,
      boolean balancesPushed) {}

  /** A member of the cluster. */
  public record Member(String address, String status) {}

  /**
   * A partition of the transactions or balances topic.
   *
   * @param lagRecords offsets between what was read and the partition's end; null while unknown
   * @param lagMs how far the last judged event time is behind the clock, milliseconds; 0 when
   *     caught up, null while unknown
   * @param lastEventTime of the last record that was judged; null before any
   * @param internalErrors of the dead letters: those on which our own code failed
   * @param waitingFor for people; null while nothing
   */
  public record Partition(
      String topic,
      int partition,
      String state,
      long epoch,
      long position,
      Long lagRecords,
      Long lagMs,
      Instant lastEventTime,
      long transactions,
      long alerts,
      long deadLetters,
      long internalErrors,
      long duplicates,
      long restarts,
      String waitingFor) {}

  /**
   * Sums over the node's partitions since it got them.
   *
   * @param lagRecords null while it is unknown for one of them
   * @param lagMs the largest; null while none is known
   * @param internalErrors of the dead letters: those on which our own code failed
   */
  public record Totals(
      Long lagRecords,
      Long lagMs,
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
              .filter(lag -> lag != null)
              .max(Long::compare)
              .orElse(null),
          partitions.stream().mapToLong(Partition::transactions).sum(),
          partitions.stream().mapToLong(Partition::alerts).sum(),
          partitions.stream().mapToLong(Partition::deadLetters).sum(),
          partitions.stream().mapToLong(Partition::internalErrors).sum(),
          partitions.stream().mapToLong(Partition::duplicates).sum());
    }
  }
}
