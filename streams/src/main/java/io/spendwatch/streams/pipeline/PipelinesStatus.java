package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.life.PartitionStatus;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All pipelines of this node, as they were at one moment.
 *
 * @param partitions assigned here, by topic and number
 * @param partitionCounts how many there are, here or not, by topic; empty before any was here
 * @param balancesPushed whether balance changes reach the actors; else each check reads them
 * @param lostRecords that this node has noticed since its start; one for those of a topic that was
 *     made anew, since nobody knows how many it held
 * @param waitingFor what the node as a whole waits for, for people; empty while nothing
 */
public record PipelinesStatus(
    List<PartitionStatus> partitions,
    Map<String, Integer> partitionCounts,
    boolean balancesPushed,
    long lostRecords,
    Optional<String> waitingFor) {

  /** Whether everything assigned is at work and nothing is waited for. */
  public boolean isHealthy() {
    return waitingFor.isEmpty()
        && partitions.stream().allMatch(p -> p.state() == PartitionStatus.State.RUNNING);
  }
}
