package io.spendwatch.actors;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.RecipientRef;
import org.apache.pekko.cluster.sharding.external.ExternalShardAllocation;
import org.apache.pekko.cluster.sharding.external.ExternalShardAllocationStrategy;
import org.apache.pekko.cluster.sharding.external.javadsl.ExternalShardAllocationClient;
import org.apache.pekko.cluster.sharding.typed.ShardingEnvelope;
import org.apache.pekko.cluster.sharding.typed.ShardingMessageExtractor;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Where the partitions' actors live: one shard per Kafka partition, on the node that consumes it.
 *
 * <p>Speed rests on that placement, correctness does not: until a shard has followed its partition,
 * messages reach it over the network, and a pipeline's epoch decides whose writes count.
 * Thread-safe.
 */
public final class PartitionSharding {

  private static final EntityTypeKey<PartitionCommand> KEY =
      EntityTypeKey.create(PartitionCommand.class, "partition");

  private final ClusterSharding sharding;
  private final ExternalShardAllocationClient allocation;
  private final Address self;

  private PartitionSharding(ActorSystem<?> system) {
    this.sharding = ClusterSharding.get(system);
    this.allocation = ExternalShardAllocation.get(system).getClient(KEY.name());
    this.self = Cluster.get(system).selfMember().address();
  }

  /**
   * Starts this node's share of the sharded partition actors.
   *
   * @param allocationTimeout for reading where a shard belongs; after it the shard is placed as if
   *     nobody had said
   */
  public static PartitionSharding start(
      ActorSystem<?> system, PartitionActor.Dependencies dependencies, Duration allocationTimeout) {
    var partitionSharding = new PartitionSharding(system);
    partitionSharding.sharding.init(
        Entity.of(
                KEY,
                entity ->
                    PartitionActor.create(Integer.parseInt(entity.getEntityId()), dependencies))
            .withMessageExtractor(new PerPartition())
            .withStopMessage(new PartitionCommand.Stop())
            .withAllocationStrategy(
                ExternalShardAllocationStrategy.create(system, KEY.name(), allocationTimeout)));
    return partitionSharding;
  }

  /** The actor of this partition, wherever it is. */
  public RecipientRef<PartitionCommand> partition(int partition) {
    return sharding.entityRefFor(KEY, Integer.toString(partition));
  }

  /**
   * Says that these partitions are consumed here now, so that their actors come here. Takes effect
   * within seconds.
   */
  public CompletionStage<Done> claim(Set<Integer> partitions) {
    Map<String, Address> locations = new HashMap<>();
    partitions.forEach(partition -> locations.put(Integer.toString(partition), self));
    return allocation.setShardLocations(locations);
  }

  /** Entity, shard and Kafka partition have one name. */
  private static final class PerPartition
      extends ShardingMessageExtractor<ShardingEnvelope<PartitionCommand>, PartitionCommand> {
    @Override
    public String entityId(ShardingEnvelope<PartitionCommand> envelope) {
      return envelope.entityId();
    }

    @Override
    public String shardId(String entityId) {
      return entityId;
    }

    @Override
    public PartitionCommand unwrapMessage(ShardingEnvelope<PartitionCommand> envelope) {
      return envelope.message();
    }
  }
}
