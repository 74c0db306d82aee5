package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.protocol.Alert;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;

/** The protocol of the {@link PartitionActor}: said on its node, and never travels. */
public sealed interface PartitionCommand
    permits PartitionCommand.Assess,
        PartitionCommand.AccountsChanged,
        PartitionCommand.AllAccountsChanged,
        PartitionCommand.Renamed,
        PartitionCommand.Stop,
        PartitionCommand.Internal,
        TopUsers.NextSlice,
        PartitionQuery.GetUser,
        PartitionQuery.GetWindows,
        PartitionQuery.Check,
        PartitionQuery.GetTop,
        PartitionQuery.Reread {

  /**
   * Assess these transactions, in this order. At most one is in flight; a repeat (same sequence) is
   * answered with the same {@link Assessed}, so asking again after a lost answer is safe.
   *
   * <p>Whoever asks makes the answer durable before it asks with the next sequence.
   *
   * @param sequence grows by one with every batch, from 1
   * @param nowMs wall clock, milliseconds since the epoch: becomes {@code detectedAt}
   * @param idleMs for how long the partition has had nothing to read; stream time moves on by it
   * @param balancesPushed whether changes of balances reach the actors; where not, each check reads
   *     afresh
   * @param lastOffset of the last record read from the partition, this batch included; −1 before
   *     any
   * @param transactions empty for a mere tick, which lets episodes end and balance changes be
   *     looked at
   */
  record Assess(
      long sequence,
      long nowMs,
      long idleMs,
      boolean balancesPushed,
      long lastOffset,
      List<Received> transactions,
      ActorRef<Reply> replyTo)
      implements PartitionCommand {}

  /** The accounts of these users changed; their new balances are read with the next batch. */
  record AccountsChanged(Set<String> userIds) implements PartitionCommand {}

  /** Any account may have changed (many at once, or a gap in the push channel): read all anew. */
  record AllAccountsChanged() implements PartitionCommand {}

  /**
   * What was stored of a user is stored under another id: the former one is forgotten before the
   * next batch, and what time alone would have had looked at is looked at under the new one.
   *
   * @param now at home here, as {@code before} is
   */
  record Renamed(String before, String now) implements PartitionCommand {}

  /** The life of the pipeline has ended. */
  record Stop() implements PartitionCommand {}

  /** What the actor hears from itself and its users, about one batch. */
  sealed interface Internal extends PartitionCommand permits PartitionActor.Own, UserActor.Reply {

    /** The number that the actor has given the batch. */
    long batch();
  }

  /** The answer to {@link Assess}. */
  sealed interface Reply {}

  /**
   * The batch is assessed.
   *
   * @param assessments one for each transaction, in their order
   * @param announcements alerts, in the order in which they are to be published
   * @param streamTimeMs highest event time that the partition has seen, this batch included; {@link
   *     Long#MIN_VALUE} before any
   * @param accountsSeenMs changes of accounts recorded before this have been looked at, by the
   *     database's clock; {@link Long#MIN_VALUE} before any
   * @param usersAwake in memory now
   * @param usersAwakeBytes what they take at most
   */
  record Assessed(
      long sequence,
      List<Assessment> assessments,
      List<Announcement> announcements,
      long streamTimeMs,
      long accountsSeenMs,
      int usersAwake,
      long usersAwakeBytes)
      implements Reply {

    /** The alerts alone. */
    public List<Alert> alerts() {
      return announcements.stream().map(Announcement::alert).toList();
    }
  }

  /** A port failed; nothing was changed. Ask again, with the same sequence, after a pause. */
  record Unavailable(String reason) implements Reply {}

  /**
   * Our own code threw on this batch, which may lie in its transactions; nothing was changed. The
   * stack trace is in the log of the actor's node.
   */
  record Failed(String reason) implements Reply {}
}
