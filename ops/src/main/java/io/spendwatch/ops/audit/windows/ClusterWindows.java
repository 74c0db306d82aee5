package io.spendwatch.ops.audit.windows;

import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.partition.PartitionQuery;
import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import io.spendwatch.actors.partition.PartitionWindows;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;

/** In a node: asks the partitions of the whole cluster, through their shards. Thread-safe. */
public final class ClusterWindows implements AwakeWindows {
  private final ActorSystem<?> system;
  private final PartitionSharding sharding;
  private final Duration timeout;

  /**
   * @param timeout for an answer, which comes between two batches of the partition
   */
  public ClusterWindows(ActorSystem<?> system, PartitionSharding sharding, Duration timeout) {
    this.system = system;
    this.sharding = sharding;
    this.timeout = timeout;
  }

  @Override
  public CompletionStage<PartitionWindows> page(int partition, String afterUserId, int usersMax) {
    return ask(partition, afterUserId, usersMax, List.of());
  }

  @Override
  public CompletionStage<PartitionWindows> of(int partition, List<String> userIds) {
    return ask(partition, null, userIds.size(), userIds);
  }

  @Override
  public CompletionStage<Done> reread(int partition, List<String> userIds) {
    sharding.partition(partition).tell(new PartitionQuery.Reread(userIds));
    return CompletableFuture.completedFuture(Done.getInstance());
  }

  private CompletionStage<PartitionWindows> ask(
      int partition, String afterUserId, int usersMax, List<String> userIds) {
    return AskPattern.ask(
        sharding.partition(partition),
        replyTo -> new GetWindows(afterUserId, usersMax, userIds, replyTo),
        timeout,
        system.scheduler());
  }
}
