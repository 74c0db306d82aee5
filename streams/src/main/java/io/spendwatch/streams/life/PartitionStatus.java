package io.spendwatch.streams.life;

/**
 * One assigned partition, as it was at one moment.
 *
 * @param epoch under which it writes; 0 before its claim, and for the balances topic
 * @param position offset of the next record to read
 * @param lagRecords offsets that are not committed yet, up to the partition's end as last known:
 *     what has been read and is not durable is among them; -1 while unknown. Kafka's transaction
 *     markers count
 * @param lastEventTimeMs of the last record that was judged; {@link Long#MIN_VALUE} before any
 * @param idleSinceMs wall clock at which the last record was read or written, else at which reading
 *     began
 * @param usersAwake in memory; 0 for the balances topic
 * @param waitingFor what is tried again and again, for people; null while nothing is
 * @param transactions rows written since assignment
 * @param alerts published since assignment
 * @param deadLetters published since assignment
 * @param internalErrors of the dead letters: those on which our own code failed
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
    long lastEventTimeMs,
    long idleSinceMs,
    int usersAwake,
    String waitingFor,
    long transactions,
    long alerts,
    long deadLetters,
    long internalErrors,
    long duplicates,
    long restarts) {

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
