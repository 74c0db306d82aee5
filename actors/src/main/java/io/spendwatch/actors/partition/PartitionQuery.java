package io.spendwatch.actors.partition;

import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.exposure.UserView;
import java.util.List;
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

  /**
   * What do the users hold who are awake? Answered once all of it is durable: at once while the
   * partition is idle, else between two batches. Nobody answers where too many such questions wait,
   * or where the partition moves away meanwhile.
   *
   * @param afterUserId only users after this one, in the order of {@link String#compareTo}; null or
   *     empty for all
   * @param limit how many users at most; {@link #LIMIT_MAX} where more are asked for
   * @param userIds if not empty, only those of them who are awake, whatever {@code afterUserId}
   */
  record GetWindows(
      String afterUserId, int limit, List<String> userIds, ActorRef<PartitionWindows> replyTo)
      implements PartitionQuery, PartitionCommand {

    /** So many windows fit a message between nodes, however long their users' ids. */
    public static final int LIMIT_MAX = 500;

    public GetWindows {
      userIds = userIds == null ? List.of() : List.copyOf(userIds);
    }
  }

  /**
   * What is in memory of these users is not to be trusted: they are forgotten before the next
   * batch, and read anew. Not answered.
   */
  record Reread(List<String> userIds) implements PartitionQuery, PartitionCommand {
    public Reread {
      userIds = userIds == null ? List.of() : List.copyOf(userIds);
    }
  }

  /** The partition is consumed here now: its address should be here, too. */
  record Settle() implements PartitionQuery {}

  /** The address moves to another node, or this one leaves. */
  record Leave() implements PartitionQuery {}
}
