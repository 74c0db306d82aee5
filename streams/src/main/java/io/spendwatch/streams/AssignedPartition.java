package io.spendwatch.streams;

import io.spendwatch.streams.retry.BackOff;
import java.util.OptionalLong;
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
  private OptionalLong firstOffset = OptionalLong.empty();
  private Suspects suspects;
  private PartitionPipeline pipeline;
  private int failures;
  private long startNotBeforeMs;
  private long startedMs;
  private boolean paused = true;

  /**
   * @param poisonTries how often a record must fail alone to be put aside
   */
  AssignedPartition(TopicPartition source, int poisonTries, long nowMs) {
    this.suspects = Suspects.none(poisonTries);
    this.source = source;
    this.progress = new PartitionProgress(source, nowMs);
    this.startNotBeforeMs = nowMs;
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

  void paused(boolean now) {
    paused = now;
  }

  /**
   * Where reading began when nothing had been committed: a later life that still finds nothing
   * committed begins there again.
   */
  OptionalLong firstOffset() {
    return firstOffset;
  }

  void beganAt(long offset) {
    firstOffset = OptionalLong.of(offset);
  }

  /** What a life that begins at this offset has to take with care. */
  Suspects suspectsFrom(long offset) {
    suspects = suspects.from(offset);
    return suspects;
  }

  boolean mayStart(long nowMs) {
    return pipeline == null && nowMs >= startNotBeforeMs;
  }

  void started(PartitionPipeline life, long offset, long nowMs) {
    pipeline = life;
    startedMs = nowMs;
    progress.startsAt(offset);
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
    progress.restarted();
  }

  private boolean putsAside(Defect defect) {
    suspects = suspects.after(defect);
    boolean condemned = defect.isAlone() && suspects.isCondemned(defect.firstOffset());
    if (condemned) {
      LOG.error(
          "{} offset {} of user {} failed alone {} times: dead letter with reason INTERNAL_ERROR",
          source,
          defect.firstOffset(),
          defect.userId(),
          suspects.triesOf(defect.firstOffset()),
          defect.getCause());
    }
    return condemned;
  }
}
