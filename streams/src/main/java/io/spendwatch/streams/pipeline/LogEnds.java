package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.life.PartitionProgress;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Finds out which partitions have been read to their end: only the broker's own word for the end,
 * at a known time, says that a partition is idle. For the thread that reads.
 */
final class LogEnds {
  private final PipelineConfig config;
  private final LayoutWatch layouts;
  private final KafkaAnswers answers;
  private final Timekeeper time;
  private long dueMs;

  LogEnds(PipelineConfig config, LayoutWatch layouts, KafkaAnswers answers, Timekeeper time) {
    this.config = config;
    this.layouts = layouts;
    this.answers = answers;
    this.time = time;
  }

  /** Whether it will be time to ask before so long. */
  boolean isDueWithin(Duration wait) {
    return dueMs - time.millis() < wait.toMillis();
  }

  /** Asks, when it is time to, and tells those that have nothing to read. */
  void look(Consumer<byte[], byte[]> consumer, Collection<AssignedPartition> assigned) {
    long askedAtMs = time.millis();
    if (askedAtMs < dueMs) {
      return;
    }
    // A growth waits for whoever has nothing to read, too.
    boolean grows = layouts.layout().flatMap(TopicLayout::growth).isPresent();
    dueMs = askedAtMs + (grows ? config.tick() : config.endOffsetInterval()).toMillis();
    Map<TopicPartition, PartitionProgress> live = new HashMap<>();
    for (AssignedPartition partition : assigned) {
      if (partition.isLive() && partition.isPositioned()) {
        live.put(partition.source(), partition.progress());
      }
    }
    if (live.isEmpty()) {
      return;
    }
    Map<TopicPartition, Long> ends = consumer.endOffsets(live.keySet(), KafkaConfig.ASK);
    answers.answered();
    live.forEach(
        (source, progress) -> {
          long end = Objects.requireNonNull(ends.get(source), "its end");
          if (consumer.position(source, KafkaConfig.ASK) >= end) {
            progress.readToEnd(askedAtMs);
          }
        });
  }
}
