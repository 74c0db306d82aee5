package io.spendwatch.streams.kafka;

import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * The Kafka transactions that nodes of the group have open although they are no longer in the
 * group: killed, frozen, or cut off. Until such a transaction ends, the offsets in it cannot be
 * read by whoever has the partitions now, nor the alerts by any subscriber.
 */
public interface HangingTransactions {
  /**
   * Ends them. Safe at any time: a node that is alive after all takes a new producer, and its
   * partitions have another owner already.
   *
   * @return the nodes whose transactions were ended; fails where the broker does not answer or does
   *     not allow it. Does not block; at most one may be open
   */
  CompletionStage<Set<String>> end();
}
