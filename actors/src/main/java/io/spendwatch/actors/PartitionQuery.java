package io.spendwatch.actors;

import org.apache.pekko.actor.typed.ActorRef;

/**
 * What is said to a partition from anywhere in the cluster, through its {@link PartitionSharding}.
 * These travel between nodes of different versions: fields may be added, with a default for when
 * they are missing, but not renamed, removed or used for something else.
 */
public sealed interface PartitionQuery extends ClusterMessage {

  /**
   * What does this user look like now? One who is not in memory is read for it, and stays out of
   * memory.
   */
  record GetUser(String userId, ActorRef<UserView> replyTo)
      implements PartitionQuery, PartitionCommand {}

  /** The partition is consumed here now: its address should be here, too. */
  record Settle() implements PartitionQuery {}

  /** The address moves to another node, or this one leaves. */
  record Leave() implements PartitionQuery {}
}
