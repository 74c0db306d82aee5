package io.spendwatch.streams;

import java.util.Optional;
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
  private final CompletableFuture<End> ended = new CompletableFuture<>();

  private record End(String reason, Optional<Defect> defect) {}

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
    end(new End(reason, Optional.empty()));
  }

  /** The same, for a reason that may lie in the records. */
  void end(Defect defect) {
    end(new End("failed: " + defect.getMessage(), Optional.of(defect)));
  }

  private void end(End end) {
    if (ended.complete(end)) {
      gate.abort(new Ended(end.reason));
    }
  }

  /** Completes with the reason, on the thread that ends it. */
  CompletionStage<String> ended() {
    return ended.thenApply(End::reason);
  }

  /** What ended it, where that may lie in the records; empty while it lives. */
  Optional<Defect> defect() {
    return ended.isDone() ? ended.join().defect : Optional.empty();
  }
}
