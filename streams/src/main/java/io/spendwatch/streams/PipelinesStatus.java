package io.spendwatch.streams;

import java.util.List;

/**
 * All pipelines of this node, as they were at one moment.
 *
 * @param partitions assigned here, by topic and number
 * @param balancesPushed whether balance changes reach the actors; else each check reads them
 * @param waitingFor what the node as a whole waits for, for people; null while nothing
 */
public record PipelinesStatus(
    List<PartitionStatus> partitions, boolean balancesPushed, String waitingFor) {

  /** Whether everything assigned is at work and nothing is waited for. */
  public boolean isHealthy() {
    return waitingFor == null
        && partitions.stream().allMatch(p -> p.state() == PartitionStatus.State.RUNNING);
  }
}
