package io.spendwatch.actors.partition;

import io.spendwatch.actors.ClusterMessage;
import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.exposure.CheckAnswer;
import io.spendwatch.actors.exposure.UserView;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.protocol.Money;
import io.spendwatch.protocol.Transaction;
import java.util.List;
import org.apache.pekko.actor.typed.ActorRef;
import org.jspecify.annotations.Nullable;

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
   * What would this transaction do, if it were the next record of its user? Nothing is recorded and
   * nobody wakes.
   */
  record Check(Transaction transaction, ActorRef<CheckAnswer> replyTo)
      implements PartitionQuery, PartitionCommand {}

  /**
   * Which users who are awake and have an account are nearest to their limit, or over it? More than
   * are asked for, as they stand at the partition's stream time, in no order of that kind; they may
   * be ahead of what is durable.
   *
   * @param by null for one that only a later version knows: answered as if nobody consumed the
   *     partition
   * @param limit how many users are wanted; {@link #LIMIT_MAX} where more are asked for
   */
  record GetTop(By by, int limit, ActorRef<PartitionWindows> replyTo)
      implements PartitionQuery, PartitionCommand {

    /** As {@link GetWindows#LIMIT_MAX}. */
    public static final int LIMIT_MAX = GetWindows.LIMIT_MAX;
  }

  /** What users are ranked by, the greatest first. */
  enum By {
    /** Exposure by balance; over a balance that is not positive, greater than any other. */
    RATIO {
      @Override
      public double rank(long exposureMinor, @Nullable AccountBalance balance) {
        if (balance == null) {
          return Double.NEGATIVE_INFINITY;
        }
        if (balance.balanceMinor() <= 0) {
          return balance.isExceededBy(exposureMinor)
              ? Double.POSITIVE_INFINITY
              : Double.NEGATIVE_INFINITY;
        }
        return (double) exposureMinor / balance.balanceMinor();
      }
    },
    /** Exposure, in units of its currency. */
    EXPOSURE {
      @Override
      public double rank(long exposureMinor, @Nullable AccountBalance balance) {
        return balance == null ? Double.NEGATIVE_INFINITY : units((double) exposureMinor, balance);
      }
    },
    /** Exposure less balance, in units of its currency. */
    EXCESS {
      @Override
      public double rank(long exposureMinor, @Nullable AccountBalance balance) {
        return balance == null
            ? Double.NEGATIVE_INFINITY
            : units((double) exposureMinor - balance.balanceMinor(), balance);
      }
    };

    /**
     * For comparison, no figure to be shown. Of who has no account, {@link
     * Double#NEGATIVE_INFINITY}.
     */
    public abstract double rank(long exposureMinor, @Nullable AccountBalance balance);

    private static double units(double minor, AccountBalance balance) {
      return minor / UNITS[Money.fractionDigits(balance.currency())];
    }

    /** By how many fraction digits a currency has. */
    private static final double[] UNITS = {1, 10, 100, 1_000, 10_000};
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
