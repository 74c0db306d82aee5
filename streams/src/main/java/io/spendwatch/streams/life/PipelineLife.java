package io.spendwatch.streams.life;

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
public final class PipelineLife {

  /** Why a life ended; not a defect by itself. */
  public static final class Ended extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String reason;

    public Ended(String reason) {
      super(reason, null, false, false);
      this.reason = reason;
    }

    public String reason() {
      return reason;
    }
  }

  private final TopicPartition source;
  private final PartitionProgress progress;
  private final SharedKillSwitch gate;
  private final CompletableFuture<End> ended = new CompletableFuture<>();

  private record End(String reason, Optional<Defect> defect) {}

  public PipelineLife(TopicPartition source, PartitionProgress progress) {
    this.source = source;
    this.progress = progress;
    this.gate = KillSwitches.shared(source.toString());
  }

  public TopicPartition source() {
    return source;
  }

  public PartitionProgress progress() {
    return progress;
  }

  /**
   * Where the pipeline can be closed: what has passed it is finished, what has not is dropped and
   * will be read again.
   */
  public SharedKillSwitch gate() {
    return gate;
  }

  public boolean isLive() {
    return !ended.isDone();
  }

  /** Ends it at once, whatever is in flight. The first reason stays. */
  public void end(String reason) {
    end(new End(reason, Optional.empty()));
  }

  /** The same, for a reason that may lie in the records. */
  public void end(Defect defect) {
    end(new End("failed: " + defect.getMessage(), Optional.of(defect)));
  }

  private void end(End end) {
    if (ended.complete(end)) {
      gate.abort(new Ended(end.reason));
    }
  }

  /** Completes with the reason, on the thread that ends it. */
  public CompletionStage<String> ended() {
    return ended.thenApply(End::reason);
  }

  /** What ended it, where that may lie in the records; empty while it lives. */
  public Optional<Defect> defect() {
    return ended.isDone() ? ended.join().defect : Optional.empty();
  }
}
