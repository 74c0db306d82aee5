package io.spendwatch.actors;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.spendwatch.protocol.Alert;
import java.util.List;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;

/** The protocol of the sharded {@link PartitionActor}. */
public sealed interface PartitionCommand extends ClusterMessage {

  /**
   * Judge these transactions, in this order. At most one is in flight per partition; a repeat (same
   * epoch and sequence) is answered with the same {@link Assessed}, so asking again after a lost
   * answer is safe.
   *
   * <p>Whoever asks makes the answer durable before it asks with the next sequence. A higher epoch
   * than before says that the pipeline was started anew: everything in memory is dropped and read
   * again.
   *
   * @param epoch of the pipeline incarnation that asks
   * @param sequence grows by one with every batch of an epoch, from 1
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
      long epoch,
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

  /** What does this user look like now? */
  record GetUser(String userId, ActorRef<UserView> replyTo) implements PartitionCommand {}

  /** Stop, because the shard moves or the node leaves. */
  record Stop() implements PartitionCommand {}

  /** What the actor hears from itself and its users; stays on the node. */
  non-sealed interface Internal extends PartitionCommand {}

  /** The answer to {@link Assess}. */
  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME)
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Assessed.class, name = "assessed"),
    @JsonSubTypes.Type(value = StaleEpoch.class, name = "stale-epoch"),
    @JsonSubTypes.Type(value = Unavailable.class, name = "unavailable"),
    @JsonSubTypes.Type(value = Failed.class, name = "failed")
  })
  sealed interface Reply extends ClusterMessage {}

  /**
   * The batch is judged.
   *
   * @param judgements one for each transaction, in their order
   * @param alerts in the order in which they are to be published
   * @param streamTimeMs highest event time that the partition has seen, this batch included; {@link
   *     Long#MIN_VALUE} before any
   */
  record Assessed(
      long epoch, long sequence, List<Judgement> judgements, List<Alert> alerts, long streamTimeMs)
      implements Reply {}

  /** A later incarnation has been here: whoever asked has lost the partition. */
  record StaleEpoch(long currentEpoch) implements Reply {}

  /** A port failed; nothing was changed. Ask again, with the same sequence, after a pause. */
  record Unavailable(String reason) implements Reply {}

  /**
   * Our own code threw on this batch, which may lie in its transactions; nothing was changed. The
   * stack trace is in the log of the actor's node.
   */
  record Failed(String reason) implements Reply {}
}
