package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Flow;
import org.apache.pekko.stream.javadsl.Keep;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One life of a partition's pipeline, as the consumer sees it.
 *
 * <pre>
 *   starting ──taken over──▶ running ──drain──▶ (what is in flight) ──▶ ended
 *      └────────────── a failure, drain, end ──────────────────────────▶ ended
 * </pre>
 *
 * The consumer's thread starts, feeds and ends it; the queue in between is the bound of what is
 * read ahead.
 */
final class PartitionPipeline {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionPipeline.class);

  /** What a topic's records go through. */
  interface Walk {
    /** Takes the partition over, then answers with where it goes on. */
    CompletionStage<Begun> begin(PipelineLife life, SourceState kafka, Suspects suspects);
  }

  /**
   * A partition taken over.
   *
   * @param offset of the first record that the graph takes
   * @param graph not started
   */
  record Begun(long offset, Flow<List<ConsumerRecord<byte[], byte[]>>, Done, NotUsed> graph) {}

  private final ActorSystem<?> system;
  private final PipelineLife life;
  private final int queuedPollsMax;
  private final Runnable onChange;

  /** Null until it has begun. */
  private volatile @Nullable Feed feed;

  private volatile boolean isFull;
  private volatile boolean isFinishing;

  /**
   * Where what is read goes in.
   *
   * @param startOffset of the first record
   */
  private record Feed(
      BoundedSourceQueue<List<ConsumerRecord<byte[], byte[]>>> queue, long startOffset) {}

  /**
   * @param onChange called when it can take records (again), and when it has ended; by any thread,
   *     must not block
   */
  PartitionPipeline(
      ActorSystem<?> system, PipelineLife life, int queuedPollsMax, Runnable onChange) {
    this.system = system;
    this.life = life;
    this.queuedPollsMax = queuedPollsMax;
    this.onChange = onChange;
    life.ended()
        .thenAccept(
            reason -> {
              life.progress().is(PartitionStatus.State.STOPPED);
              PartitionLine.about(life.source(), LOG.atInfo())
                  .addKeyValue("reason", reason)
                  .log("Ended");
              onChange.run();
            });
  }

  void start(Walk walk, SourceState kafka, Suspects suspects) {
    life.progress().is(PartitionStatus.State.STARTING);
    walk.begin(life, kafka, suspects)
        .whenComplete(
            (begun, failure) -> {
              if (failure == null) {
                run(begun);
              } else {
                end(failure);
              }
            });
  }

  boolean isLive() {
    return life.isLive();
  }

  /** Completes with the reason of the end. */
  CompletionStage<String> ended() {
    return life.ended();
  }

  /** What it ended of, where that may lie in the records. */
  Optional<Defect> defect() {
    return life.defect();
  }

  /** Whether one more poll's records can be offered. Where not, {@code onChange} will tell. */
  boolean hasRoom() {
    Feed begun = feed;
    if (begun == null || isFinishing) {
      return false;
    }
    isFull = true;
    if (begun.queue.size() >= queuedPollsMax) {
      return false;
    }
    isFull = false;
    return true;
  }

  /** Whether it takes records: has begun, and is not to finish. */
  boolean isRunning() {
    return feed != null && !isFinishing;
  }

  /** Offset of the first record to be offered. Only once it is running. */
  long startOffset() {
    return begun().startOffset;
  }

  private Feed begun() {
    return Objects.requireNonNull(feed, "begun");
  }

  /** Takes one poll's records, for which there must be room. */
  void offer(List<ConsumerRecord<byte[], byte[]>> polled) {
    // A queue that is closed belongs to a life that is ending for a reason of its own.
    if (begun().queue.offer(polled).equals(QueueOfferResult.dropped())) {
      life.end("offered more than there was room for");
    }
  }

  /** Lets go of what is queued and finishes what is in flight; then it ends. */
  void drain() {
    if (feed == null) {
      life.end("given away before it ran");
    } else {
      life.gate().shutdown();
    }
  }

  /** Takes no more records; what has been offered is finished, then it ends. */
  void finish() {
    Feed begun = feed;
    if (begun == null) {
      life.end("finished before it ran");
    } else if (!isFinishing) {
      isFinishing = true;
      begun.queue.complete();
    }
  }

  /** Ends it at once, whatever is in flight. */
  void end(String reason) {
    life.end(reason);
  }

  private void run(Begun begun) {
    Pair<BoundedSourceQueue<List<ConsumerRecord<byte[], byte[]>>>, CompletionStage<Done>> running =
        Source.<List<ConsumerRecord<byte[], byte[]>>>queue(queuedPollsMax)
            .map(this::taken)
            .via(begun.graph())
            .toMat(Sink.ignore(), Keep.both())
            .run(system);
    life.progress().is(PartitionStatus.State.RUNNING);
    feed = new Feed(running.first(), begun.offset());
    running
        .second()
        .whenCompleteAsync(
            (_, failure) -> {
              if (failure == null) {
                life.end(isFinishing ? "finished" : "drained");
              } else {
                end(failure);
              }
            },
            system.executionContext());
    onChange.run();
  }

  private List<ConsumerRecord<byte[], byte[]>> taken(List<ConsumerRecord<byte[], byte[]>> polled) {
    if (isFull) {
      isFull = false;
      onChange.run();
    }
    return polled;
  }

  private void end(Throwable failure) {
    if (!life.isLive()) {
      // A consequence: it has ended already, for a reason of its own.
      return;
    }
    Throwable cause = Retry.cause(failure);
    switch (cause) {
      case PipelineLife.Ended ended -> life.end(ended.reason());
      case Defect defect -> {
        PartitionLine.about(life.source(), LOG.atError())
            .addKeyValue("offset", defect.firstOffset())
            .addKeyValue("nextOffset", defect.nextOffset())
            .setCause(defect.getCause())
            .log("Failed on the records from offset to nextOffset; it will be started anew");
        life.progress().waitsFor("a new start after: " + defect.getMessage());
        life.end(defect);
      }
      default -> {
        PartitionLine.about(life.source(), LOG.atError())
            .setCause(cause)
            .log("Failed; it will be started anew");
        life.progress().waitsFor("a new start after: " + cause);
        life.end("failed: " + cause);
      }
    }
  }
}
