package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A partition while it is assigned to this node, through all lives of its pipeline. Confined to the
 * thread that polls.
 */
final class AssignedPartition {
  private static final Logger LOG = LoggerFactory.getLogger(AssignedPartition.class);

  private final TopicPartition source;
  private final PartitionProgress progress;
  private Suspects suspects;

  /** The one that is running or was the last; null between its end and the next one. */
  private @Nullable Life life;

  private int failures;
  private long startNotBeforeMs;
  private long pendingSinceMs;
  private boolean positioned;
  private boolean paused = true;

  /**
   * @param topicId of the topic that it began with
   * @param startedMs by the wall clock
   */
  private record Life(PartitionPipeline pipeline, String topicId, long startedMs) {}

  /**
   * @param poisonTries how often a record must fail alone to be put aside
   */
  AssignedPartition(TopicPartition source, int poisonTries, PipelineMetrics metrics, long nowMs) {
    this.suspects = Suspects.none(poisonTries);
    this.source = source;
    this.progress = new PartitionProgress(source, metrics, nowMs);
    this.startNotBeforeMs = nowMs;
    this.pendingSinceMs = nowMs;
  }

  TopicPartition source() {
    return source;
  }

  PartitionProgress progress() {
    return progress;
  }

  /** The life that is running; empty while there is none. */
  Optional<PartitionPipeline> live() {
    return Optional.ofNullable(life).map(Life::pipeline).filter(PartitionPipeline::isLive);
  }

  boolean isLive() {
    return live().isPresent();
  }

  /** Whether it is not read on because its pipeline has no room. */
  boolean isFull() {
    return paused && live().filter(PartitionPipeline::isRunning).isPresent();
  }

  /** Whether its records go to a life that has room for them. */
  boolean isReading() {
    return positioned && !paused && isLive();
  }

  /** Has the consumer leave it out, or read it on. */
  void pause(Consumer<?, ?> consumer, boolean mustPause) {
    if (mustPause != paused) {
      if (mustPause) {
        consumer.pause(Set.of(source));
      } else {
        consumer.resume(Set.of(source));
      }
      paused = mustPause;
    }
  }

  /** What the next life has to take with care. */
  Suspects suspects() {
    return suspects;
  }

  /** Since when it has no life, by the wall clock: what was asked for before is of the last one. */
  long pendingSinceMs() {
    return pendingSinceMs;
  }

  /** Whether the life that is running began with another topic than has its name now. */
  boolean isOfAnother(String currentTopicId) {
    return life != null && life.pipeline.isLive() && !life.topicId.equals(currentTopicId);
  }

  /** Whether the consumer stands where the life that is running reads. */
  boolean isPositioned() {
    return positioned;
  }

  void positioned() {
    positioned = true;
  }

  boolean mayStart(long nowMs) {
    return life == null && nowMs >= startNotBeforeMs;
  }

  void started(PartitionPipeline pipeline, String topicId, long nowMs) {
    life = new Life(pipeline, topicId, nowMs);
    positioned = false;
  }

  /**
   * Where the life is over, the next one may start after a pause that grows with quick failures. A
   * record that has been put aside makes a new beginning.
   */
  void noteEnd(long nowMs, BackOff backOff, RandomGenerator random) {
    if (life == null || life.pipeline.isLive()) {
      return;
    }
    boolean wasShort = nowMs - life.startedMs < 2 * backOff.max().toMillis();
    boolean goesOn = life.pipeline.defect().map(this::putsAside).orElse(false);
    failures = wasShort && !goesOn ? failures + 1 : 1;
    startNotBeforeMs = nowMs + backOff.delayMs(failures, random);
    life = null;
    pendingSinceMs = nowMs;
    progress.restarted();
  }

  private boolean putsAside(Defect defect) {
    suspects = suspects.after(defect);
    boolean condemned = defect.isAlone() && suspects.isCondemned(defect.firstOffset());
    if (condemned) {
      PartitionLine.about(source, LOG.atError())
          .addKeyValue("offset", defect.firstOffset())
          .addKeyValue("user", defect.userId())
          .setCause(defect.getCause())
          .log(
              "Failed alone {} times: dead letter with reason INTERNAL_ERROR",
              suspects.triesOf(defect.firstOffset()));
    }
    return condemned;
  }
}
