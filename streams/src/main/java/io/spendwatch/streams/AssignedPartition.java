package io.spendwatch.streams;

import io.spendwatch.streams.retry.BackOff;
import java.util.OptionalLong;
import java.util.random.RandomGenerator;
import org.apache.kafka.common.TopicPartition;

/**
 * A partition while it is assigned to this node, through all lives of its pipeline. Confined to the
 * thread that polls.
 */
final class AssignedPartition {
  private final TopicPartition source;
  private final PartitionProgress progress;
  private OptionalLong firstOffset = OptionalLong.empty();
  private PartitionPipeline pipeline;
  private int failures;
  private long startNotBeforeMs;
  private long startedMs;
  private boolean paused = true;

  AssignedPartition(TopicPartition source, long nowMs) {
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

  boolean mayStart(long nowMs) {
    return pipeline == null && nowMs >= startNotBeforeMs;
  }

  void started(PartitionPipeline life, long offset, long nowMs) {
    pipeline = life;
    startedMs = nowMs;
    progress.startsAt(offset);
  }

  /** The life is over: the next one may start after a pause that grows with quick failures. */
  void ended(long nowMs, BackOff backOff, RandomGenerator random) {
    boolean wasShort = nowMs - startedMs < 2 * backOff.max().toMillis();
    failures = wasShort ? failures + 1 : 1;
    startNotBeforeMs = nowMs + backOff.delayMs(failures, random);
    pipeline = null;
    progress.restarted();
  }
}
