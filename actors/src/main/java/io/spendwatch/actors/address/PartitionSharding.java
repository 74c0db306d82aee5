package io.spendwatch.actors.address;

import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionQuery;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a partition is reached from anywhere in the cluster: one shard per Kafka partition, allocated
 * to the node that consumes it, with one {@link PartitionEntity} in it.
 *
 * <p>The shard follows its partition, within seconds, or once the cluster has made up its mind
 * about a dead node. Nothing that is decided rests on it or waits for it: the node that consumes a
 * partition has the partition's actor itself, and the claim in the database says whose writes
 * count. Thread-safe.
 */
public final class PartitionSharding {

  private static final Logger LOG = LoggerFactory.getLogger(PartitionSharding.class);

  private static final EntityTypeKey<PartitionQuery> KEY =
      EntityTypeKey.create(PartitionQuery.class, "partition");

  private final ClusterSharding sharding;
  private final ExternalShardAllocationClient allocation;
  private final Address self;
  private final PartitionActors actors;
  private final Set<Integer> here = ConcurrentHashMap.newKeySet();

  private PartitionSharding(ActorSystem<?> system, PartitionActors actors) {
    this.actors = actors;
    this.sharding = ClusterSharding.get(system);
    this.allocation = ExternalShardAllocation.get(system).getClient(KEY.name());
    this.self = Cluster.get(system).selfMember().address();
  }

  /**
   * Starts this node's share of it.
   *
   * @param actors of the partitions that this node consumes
   * @param allocationTimeout for reading where a shard belongs; after it the shard is placed as if
   *     nobody had said
   * @param gatherInterval between two looks whether the shards are where their partitions are
   */
  public static PartitionSharding start(
      ActorSystem<?> system,
      PartitionActors actors,
      Duration allocationTimeout,
      Duration gatherInterval) {
    var partitionSharding = new PartitionSharding(system, actors);
    partitionSharding.sharding.init(
        Entity.of(
                KEY,
                entity ->
                    PartitionEntity.create(
                        Integer.parseInt(entity.getEntityId()), actors, partitionSharding.here))
            .withMessageExtractor(new PerPartition())
            .withStopMessage(new PartitionQuery.Leave())
            .withAllocationStrategy(
                ExternalShardAllocationStrategy.create(system, KEY.name(), allocationTimeout)));
    var _ =
        system
            .scheduler()
            .scheduleWithFixedDelay(
                gatherInterval,
                gatherInterval,
                partitionSharding::gatherGuarded,
                system.executionContext());
    return partitionSharding;
  }

  /** This partition, wherever it is consumed. */
  public RecipientRef<PartitionQuery> partition(int partition) {
    return sharding.entityRefFor(KEY, Integer.toString(partition));
  }

  /** Let out, an exception would end the repetition. */
  private void gatherGuarded() {
    try {
      gather();
    } catch (RuntimeException e) {
      LOG.error("Shards could not be gathered; it is tried again", e);
    }
  }

  /**
   * Has the shards come here whose partitions are consumed here. Again and again until they are: a
   * location may not have spread yet, or the cluster may be without a coordinator; and a shard that
   * has been handed over begins in its new place only with a message.
   */
  private void gather() {
    Set<Integer> missing = new HashSet<>(actors.partitions());
    missing.removeAll(here);
    if (missing.isEmpty()) {
      return;
    }
    Map<String, Address> locations = new HashMap<>();
    missing.forEach(partition -> locations.put(Integer.toString(partition), self));
    var _ =
        allocation
            .setShardLocations(locations)
            .whenComplete(
                (_, failure) -> {
                  if (failure == null) {
                    missing.forEach(shard -> partition(shard).tell(new PartitionQuery.Settle()));
                  } else {
                    LOG.debug("Where shards belong is not known to the cluster yet", failure);
                  }
                });
  }

  /** The partitions whose shard is on this node now. */
  public Set<Integer> shardsHere() {
    return Set.copyOf(here);
  }

  /** Entity, shard and Kafka partition have one name. */
  private static final class PerPartition
      extends ShardingMessageExtractor<ShardingEnvelope<PartitionQuery>, PartitionQuery> {
    @Override
    public String entityId(ShardingEnvelope<PartitionQuery> envelope) {
      return envelope.entityId();
    }

    @Override
    public String shardId(String entityId) {
      return entityId;
    }

    @Override
    public PartitionQuery unwrapMessage(ShardingEnvelope<PartitionQuery> envelope) {
      return envelope.message();
    }
  }
}
