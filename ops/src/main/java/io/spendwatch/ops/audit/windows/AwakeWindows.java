package io.spendwatch.ops.audit.windows;

import io.spendwatch.actors.partition.PartitionWindows;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * The windows that users' actors hold in memory, wherever their partition is consumed. Thread-safe.
 * Answers complete on any thread; they fail where the partition does not answer in time, which says
 * nothing about its windows.
 */
public interface AwakeWindows {

  /**
   * The users awake after this one, in the order of their ids.
   *
   * @param afterUserId null for all
   * @param usersMax at most this many; no more than {@link
   *     io.spendwatch.actors.partition.PartitionQuery.GetWindows#LIMIT_MAX}
   */
  CompletionStage<PartitionWindows> page(int partition, String afterUserId, int usersMax);

  /** Those of these users who are awake; no more than may be in a page, and at least one. */
  CompletionStage<PartitionWindows> of(int partition, List<String> userIds);

  /**
   * Has these users forgotten and read anew; completes when that has been said, not done. Of a
   * partition that is consumed nowhere nobody has anything to forget.
   */
  CompletionStage<Done> reread(int partition, List<String> userIds);
}
