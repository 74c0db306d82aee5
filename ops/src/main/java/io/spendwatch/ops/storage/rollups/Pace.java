package io.spendwatch.ops.storage.rollups;

import io.spendwatch.streams.life.PartitionStatus;
import java.time.Duration;
import java.util.List;

/**
 * When to look for what the roll-ups lack.
 *
 * <p>A node that has written nothing since a look that left nothing finds nothing: it asks rarely
 * then, for what others wrote. One that has a backlog gives ingestion the server, but for a little,
 * and as long as it has it: one that has come after meanwhile does not go on resting for it. Not
 * thread-safe.
 */
final class Pace {
  /** So that what a node wrote that has ended since, or somebody by hand, is found, too. */
  private static final Duration UNASKED = Duration.ofSeconds(5);

  private final RollupsConfig config;
  private List<Long> writtenAtLook = List.of();
  private boolean isAll;
  private long lookedNanos;
  private long endedNanos;

  Pace(RollupsConfig config, long nowNanos) {
    this.config = config;
    this.lookedNanos = nowNanos;
    this.endedNanos = nowNanos;
  }

  /**
   * Whether it is time.
   *
   * @param partitions that this node consumes now
   * @param nowMs wall clock
   */
  boolean isDue(List<PartitionStatus> partitions, long nowNanos, long nowMs) {
    return nowNanos - endedNanos >= rest(partitions, nowMs).toNanos()
        && (!isAll
            || nowNanos - lookedNanos >= UNASKED.toNanos()
            || !written(partitions).equals(writtenAtLook));
  }

  private Duration rest(List<PartitionStatus> partitions, long nowMs) {
    boolean isBehind =
        partitions.stream()
            .anyMatch(partition -> partition.lagMs(nowMs) > config.behindAfter().toMillis());
    return config.restAfter(Duration.ofNanos(endedNanos - lookedNanos), isBehind);
  }

  /**
   * A look begins.
   *
   * @param partitions that this node consumes now: what they write from now on, the next one finds
   */
  void begins(List<PartitionStatus> partitions, long nowNanos) {
    writtenAtLook = written(partitions);
    lookedNanos = nowNanos;
    isAll = false;
  }

  /**
   * The look is over.
   *
   * @param foundAll whether it has left nothing
   */
  void ended(boolean foundAll, long nowNanos) {
    isAll = foundAll;
    endedNanos = nowNanos;
  }

  private static List<Long> written(List<PartitionStatus> partitions) {
    return partitions.stream()
        .map(partition -> partition.transactions() + partition.alerts())
        .toList();
  }
}
