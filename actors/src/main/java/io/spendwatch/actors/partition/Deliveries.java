package io.spendwatch.actors.partition;

import java.util.concurrent.atomic.LongAdder;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Counts what reaches the partition actors of a node, by whether whoever sent it is on the same
 * node. Batches are one delivery each. A remote one in the hot path would cost it the network; only
 * questions about users should be. Thread-safe.
 */
public final class Deliveries {
  private final LongAdder local = new LongAdder();
  private final LongAdder remote = new LongAdder();

  /** One more, from whoever waits for the answer. */
  void from(ActorRef<?> sender) {
    (sender.path().address().hasLocalScope() ? local : remote).increment();
  }

  /** From this node. */
  public long local() {
    return local.sum();
  }

  /** From other nodes. */
  public long remote() {
    return remote.sum();
  }
}
