package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.kafka.SourceStates;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.pipeline.PartitionPipeline.Walk;
import io.spendwatch.streams.publish.Publishers;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.pekko.actor.typed.ActorSystem;

/**
 * The lives of the assigned partitions' pipelines: each begins from what Kafka says of its
 * partition, and ends where the topic is not what it began with.
 *
 * <p>A pipeline that ends while its partition is still ours is started anew from the committed
 * offset, after a pause, and not before the publisher has finished with the life before: the offset
 * read then says exactly what is published. For the thread that reads; {@link #partitionCounts} for
 * any.
 */
final class PartitionLives {
  private final ActorSystem<?> system;
  private final PipelineConfig config;
  private final Map<String, Walk> walks;
  private final LayoutWatch layouts;
  private final Publishers publishers;
  private final SourceStates sourceStates;
  private final TopicWatch topics;
  private final KafkaAnswers answers;
  private final Timekeeper time;
  private final Runnable wake;
  private volatile Map<String, Integer> partitionCounts = Map.of();
  private long startsDueMs;

  /**
   * @param walks what each topic's records go through
   * @param wake has the thread look at what has changed
   */
  PartitionLives(
      ActorSystem<?> system,
      PipelineConfig config,
      Map<String, Walk> walks,
      LayoutWatch layouts,
      Publishers publishers,
      SourceStates sourceStates,
      TopicWatch topics,
      KafkaAnswers answers,
      Timekeeper time,
      Runnable wake) {
    this.system = system;
    this.config = config;
    this.walks = walks;
    this.layouts = layouts;
    this.publishers = publishers;
    this.sourceStates = sourceStates;
    this.topics = topics;
    this.answers = answers;
    this.time = time;
    this.wake = wake;
  }

  /** How many partitions each topic has; empty while unknown. For any thread. */
  Map<String, Integer> partitionCounts() {
    return partitionCounts;
  }

  /** Ends what is outdated, and begins what may. */
  void look(Consumer<byte[], byte[]> consumer, Collection<AssignedPartition> assigned) {
    endOutdated(assigned);
    noteEnds(assigned);
    startPending(consumer, assigned);
    endOfAnotherTopic(assigned);
  }

  /** Whoever works under a layout of the topic that is over can write nothing any more. */
  private void endOutdated(Collection<AssignedPartition> assigned) {
    for (AssignedPartition partition : assigned) {
      if (partition.progress().isOutdated(layouts::isOutdated)) {
        partition.live().ifPresent(life -> life.end("the layout of the topic has changed"));
      }
    }
  }

  private void noteEnds(Collection<AssignedPartition> assigned) {
    long nowMs = time.millis();
    for (AssignedPartition partition : assigned) {
      partition.noteEnd(nowMs, config.retry(), time.random());
    }
  }

  /** Starts what has no life: reads offsets and notes of all such partitions in one request. */
  private void startPending(
      Consumer<byte[], byte[]> consumer, Collection<AssignedPartition> assigned) {
    long nowMs = time.millis();
    if (nowMs < startsDueMs) {
      return;
    }
    Map<TopicPartition, AssignedPartition> pending = new HashMap<>();
    for (AssignedPartition partition : assigned) {
      if (partition.mayStart(nowMs) && !publishers.isBusyWith(partition.source())) {
        pending.put(partition.source(), partition);
      }
    }
    if (pending.isEmpty()) {
      return;
    }
    Map<String, String> ids = topicsOf(pending.values());
    pending.keySet().removeIf(source -> !ids.containsKey(source.topic()));
    if (pending.isEmpty()) {
      return;
    }
    // An offset that is part of an open transaction is not answered before its end; don't spend all
    // the time on waiting for it.
    startsDueMs = nowMs + 2 * KafkaConfig.ASK.toMillis();
    partitionCounts =
        walks.keySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    topic -> topic,
                    topic -> consumer.partitionsFor(topic, KafkaConfig.ASK).size()));
    Map<TopicPartition, SourceState> states =
        sourceStates.of(consumer, pending.keySet(), ids, KafkaConfig.ASK);
    answers.answered();
    states.forEach(
        (source, kafka) ->
            start(Objects.requireNonNull(pending.get(source), "asked for"), kafka, nowMs));
    startsDueMs = nowMs;
  }

  private void start(AssignedPartition partition, SourceState kafka, long nowMs) {
    PipelineLife life = new PipelineLife(partition.source(), partition.progress());
    PartitionPipeline pipeline = new PartitionPipeline(system, life, config.queuedPollsMax(), wake);
    partition.started(pipeline, kafka.topicId(), nowMs);
    Walk walk = Objects.requireNonNull(walks.get(partition.source().topic()), "subscribed to");
    pipeline.start(walk, kafka, partition.suspects());
  }

  /**
   * The ids of the topics of these partitions, as they were after the partitions came to wait for
   * them; without those that are not known.
   */
  private Map<String, String> topicsOf(Collection<AssignedPartition> pending) {
    long sinceMs = pending.stream().mapToLong(AssignedPartition::pendingSinceMs).max().orElse(0);
    Optional<Map<String, String>> ids = topics.idsSince(sinceMs);
    if (ids.isEmpty()) {
      topics
          .failure()
          .ifPresent(
              failure -> {
                answers.waitFor(failure);
                startsDueMs = time.millis() + 2 * KafkaConfig.ASK.toMillis();
              });
      return Map.of();
    }
    for (AssignedPartition partition : pending) {
      String topic = partition.source().topic();
      if (!ids.get().containsKey(topic)) {
        answers.waitFor("Kafka: topic " + topic + " is missing");
      }
    }
    return ids.get();
  }

  /** A topic may be deleted and made anew so quickly that nothing else tells us. */
  private void endOfAnotherTopic(Collection<AssignedPartition> assigned) {
    topics.refresh();
    Map<String, String> ids = topics.ids();
    for (AssignedPartition partition : assigned) {
      String id = ids.get(partition.source().topic());
      if (id != null && partition.isOfAnother(id)) {
        partition.live().ifPresent(life -> life.end("its topic was deleted and made anew"));
      }
    }
  }
}
