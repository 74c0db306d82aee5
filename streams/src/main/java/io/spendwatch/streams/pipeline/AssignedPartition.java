package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.life.Defect;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.TopicPartition;
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
  private PartitionPipeline pipeline;
  private int failures;
  private long startNotBeforeMs;
  private long startedMs;
  private long pendingSinceMs;
  private boolean positioned;
  private String topicId;
  private boolean paused = true;

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

  /** The life that is running or was the last; null before the first. */
  PartitionPipeline pipeline() {
    return pipeline;
  }

  boolean isLive() {
    return pipeline != null && pipeline.isLive();
  }

  boolean isPaused() {
    return paused;
  }

  /** Whether it is not read on because its pipeline has no room. */
  boolean isFull() {
    return paused && isLive() && pipeline.isRunning();
  }

  void paused(boolean now) {
    paused = now;
  }

  /** What the next life has to take with care. */
  Suspects suspects() {
    return suspects;
  }

  /** Since when it has no life, by the wall clock: what was asked for before is of the last one. */
  long pendingSinceMs() {
    return pendingSinceMs;
  }

  /** Of the topic that the life began with; null before the first. */
  String topicId() {
    return topicId;
  }

  /** Whether the consumer stands where the life that is running reads. */
  boolean isPositioned() {
    return positioned;
  }

  void positioned() {
    positioned = true;
  }

  boolean mayStart(long nowMs) {
    return pipeline == null && nowMs >= startNotBeforeMs;
  }

  void started(PartitionPipeline life, String itsTopicId, long nowMs) {
    pipeline = life;
    topicId = itsTopicId;
    startedMs = nowMs;
    positioned = false;
  }

  /**
   * The life is over: the next one may start after a pause that grows with quick failures. A record
   * that has been put aside makes a new beginning.
   */
  void ended(long nowMs, BackOff backOff, RandomGenerator random) {
    boolean wasShort = nowMs - startedMs < 2 * backOff.max().toMillis();
    boolean goesOn = pipeline.defect().map(this::putsAside).orElse(false);
    failures = wasShort && !goesOn ? failures + 1 : 1;
    startNotBeforeMs = nowMs + backOff.delayMs(failures, random);
    pipeline = null;
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
