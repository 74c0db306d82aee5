package io.spendwatch.streams.life;

import io.spendwatch.protocol.DeadLetterReason;
import java.util.Map;
import java.util.Optional;

/**
 * One assigned partition, as it was at one moment.
 *
 * @param epoch under which it writes; 0 before its claim, and for the balances topic
 * @param position offset of the next record to read
 * @param lagRecords offsets that are not committed yet, up to the partition's end as last known:
 *     what has been read and is not durable is among them; -1 while unknown. Kafka's transaction
 *     markers count
 * @param backlogSinceMs where there is a lag, timestamp of the oldest record known to be behind it;
 *     negative while unknown
 * @param lastEventTimeMs of the last record that was assessed; {@link Long#MIN_VALUE} before any
 * @param idleSinceMs wall clock at which the last record was read or written, else at which reading
 *     began
 * @param usersAwake in memory; 0 for the balances topic
 * @param usersAwakeBytes what they take of it at most
 * @param waitingFor what is tried again and again, for people; empty while nothing is
 * @param transactions rows written since assignment
 * @param alerts published since assignment
 * @param deadLettersByReason published since assignment, without those that are 0
 * @param duplicates found stored already since assignment
 * @param restarts of the pipeline since assignment
 */
public record PartitionStatus(
    String topic,
    int partition,
    State state,
    long epoch,
    long position,
    long lagRecords,
    long backlogSinceMs,
    long lastEventTimeMs,
    long idleSinceMs,
    int usersAwake,
    long usersAwakeBytes,
    Optional<String> waitingFor,
    long transactions,
    long alerts,
    Map<DeadLetterReason, Long> deadLettersByReason,
    long duplicates,
    long restarts) {

  /** All dead letters published since assignment. */
  public long deadLetters() {
    return deadLettersByReason.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Of the dead letters: those on which our own code failed. */
  public long internalErrors() {
    return deadLettersByReason.getOrDefault(DeadLetterReason.INTERNAL_ERROR, 0L);
  }

  /**
   * How long the oldest record has been behind, by its own timestamp and this clock, milliseconds:
   * unlike event time it says nothing of how old the data is that is replayed. Negative while
   * unknown.
   */
  public long lagMs(long nowMs) {
    if (lagRecords == 0) {
      return 0;
    }
    return lagRecords < 0 || backlogSinceMs < 0 ? -1 : Math.max(0, nowMs - backlogSinceMs);
  }

  /** Where a partition's pipeline is in its life. */
  public enum State {
    /** Taking over: offset, claim, alerts that an earlier life left unpublished. */
    STARTING,
    RUNNING,
    /** Running, but something that it needs is not there: see waitingFor. */
    WAITING,
    /** Ended; started anew after a pause while the partition is assigned here. */
    STOPPED
  }
}
