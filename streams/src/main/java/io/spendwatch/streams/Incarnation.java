package io.spendwatch.streams;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.common.TopicPartition;
import org.apache.pekko.stream.KillSwitches;
import org.apache.pekko.stream.SharedKillSwitch;

/**
 * One life of a partition's pipeline. Once ended, nothing of it is published any more: what it made
 * durable is for the next life to finish. For any thread.
 */
final class Incarnation {

  /** Why a life ended; not a defect by itself. */
  static final class Ended extends RuntimeException {
    private static final long serialVersionUID = 1;

    Ended(String reason) {
      super(reason, null, false, false);
    }
  }

  private final TopicPartition source;
  private final PartitionProgress progress;
  private final SharedKillSwitch gate;
  private final CompletableFuture<String> ended = new CompletableFuture<>();

  Incarnation(TopicPartition source, PartitionProgress progress) {
    this.source = source;
    this.progress = progress;
    this.gate = KillSwitches.shared(source.toString());
  }

  TopicPartition source() {
    return source;
  }

  PartitionProgress progress() {
    return progress;
  }

  /**
   * Where the pipeline can be closed: what has passed it is finished, what has not is dropped and
   * will be read again.
   */
  SharedKillSwitch gate() {
    return gate;
  }

  boolean isLive() {
    return !ended.isDone();
  }

  /** Ends it at once, whatever is in flight. The first reason stays. */
  void end(String reason) {
    if (ended.complete(reason)) {
      gate.abort(new Ended(reason));
    }
  }

  /** Completes with the reason, on the thread that ends it. */
  CompletionStage<String> ended() {
    return ended;
  }
}
