package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.publish.Publishers;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The partitions that the group has assigned to this node: they come and go with its rebalances,
 * are fed with what was polled, and are read on where their pipelines have room. For the thread
 * that reads; {@link #status} for any.
 */
final class Assignment {
  private static final Logger LOG = LoggerFactory.getLogger(Assignment.class);

  private final PipelineConfig config;
  private final Publishers publishers;
  private final PipelineMetrics metrics;
  private final Timekeeper time;
  private final Map<TopicPartition, AssignedPartition> assigned = new ConcurrentHashMap<>();

  Assignment(
      PipelineConfig config, Publishers publishers, PipelineMetrics metrics, Timekeeper time) {
    this.config = config;
    this.publishers = publishers;
    this.metrics = metrics;
    this.time = time;
  }

  /** Those that are ours now. */
  Collection<AssignedPartition> partitions() {
    return assigned.values();
  }

  /** For any thread. */
  List<PartitionStatus> status() {
    return assigned.values().stream()
        .map(partition -> partition.progress().status())
        .sorted(
            Comparator.comparing(PartitionStatus::topic)
                .reversed()
                .thenComparingInt(PartitionStatus::partition))
        .toList();
  }

  /** Whether one of them is not read on because its pipeline has no room. */
  boolean hasFull() {
    return assigned.values().stream().anyMatch(AssignedPartition::isFull);
  }

  /** Whether all of them, at least one, are read on, and no step of ours is waited for. */
  boolean isReading() {
    return !assigned.isEmpty() && assigned.values().stream().allMatch(AssignedPartition::isReading);
  }

  /** Gives each what was read of it. */
  void feed(List<ConsumerRecords<byte[], byte[]>> polled) {
    Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    for (ConsumerRecords<byte[], byte[]> each : polled) {
      for (TopicPartition source : each.partitions()) {
        records.merge(source, each.records(source), Assignment::both);
      }
    }
    records.forEach(this::feed);
  }

  private void feed(TopicPartition source, List<ConsumerRecord<byte[], byte[]>> records) {
    AssignedPartition partition = assigned.get(source);
    if (partition == null) {
      return;
    }
    // Records of a life that has ended are read again by the next one.
    partition
        .live()
        .filter(PartitionPipeline::isRunning)
        .ifPresent(
            life -> {
              long nextOffset = records.getLast().offset() + 1;
              partition.progress().read(nextOffset, records.getFirst().timestamp(), time.millis());
              life.offer(records);
            });
  }

  private static List<ConsumerRecord<byte[], byte[]>> both(
      List<ConsumerRecord<byte[], byte[]>> first, List<ConsumerRecord<byte[], byte[]>> second) {
    List<ConsumerRecord<byte[], byte[]>> both = new ArrayList<>(first);
    both.addAll(second);
    return both;
  }

  /** Lets those be read that have room. */
  void flow(Consumer<byte[], byte[]> consumer) {
    for (AssignedPartition partition : assigned.values()) {
      Optional<PartitionPipeline> withRoom = partition.live().filter(PartitionPipeline::hasRoom);
      if (withRoom.isPresent() && !partition.isPositioned()) {
        consumer.seek(partition.source(), withRoom.get().startOffset());
        partition.positioned();
      }
      partition.pause(consumer, withRoom.isEmpty());
      if (partition.isPositioned()) {
        consumer.currentLag(partition.source()).ifPresent(partition.progress()::unread);
      }
    }
  }

  /** Lets those finish what has been read of them whose log does not have what is next. */
  void finish(Consumer<byte[], byte[]> consumer, Collection<TopicPartition> overtaken) {
    for (TopicPartition source : overtaken) {
      AssignedPartition partition = assigned.get(source);
      if (partition != null) {
        partition.pause(consumer, true);
        partition.live().ifPresent(life -> finish(partition, life));
      }
    }
  }

  private static void finish(AssignedPartition partition, PartitionPipeline life) {
    PartitionLine.about(partition.source(), LOG.atWarn())
        .addKeyValue("offset", partition.progress().position())
        .log("The topic does not have what is to be read next");
    life.finish();
  }

  /** Lets all of them finish what is in flight, as before they are given away. */
  void drain() {
    drain(List.copyOf(assigned.values()));
  }

  /** For a bounded time; then they are over in any case. */
  private void drain(Collection<AssignedPartition> given) {
    List<PartitionPipeline> live =
        given.stream().flatMap(partition -> partition.live().stream()).toList();
    live.forEach(PartitionPipeline::drain);
    CompletableFuture<Void> drained =
        CompletableFuture.allOf(
            live.stream()
                .map(pipeline -> pipeline.ended().toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    try {
      if (!time.await(drained, config.drainTimeout())) {
        live.forEach(
            pipeline ->
                pipeline.end("not drained within " + config.drainTimeout().toMillis() + " ms"));
      }
    } catch (InterruptedException e) {
      live.forEach(pipeline -> pipeline.end("interrupted"));
      Thread.currentThread().interrupt();
    }
  }

  /** Ends all of them at once. */
  void lose(String reason) {
    lose(List.copyOf(assigned.keySet()), reason);
  }

  private void lose(Collection<TopicPartition> lost, String reason) {
    for (TopicPartition source : lost) {
      AssignedPartition partition = assigned.remove(source);
      if (partition != null) {
        partition.live().ifPresent(life -> life.end(reason));
      }
    }
  }

  /** What is to be told of this consumer's rebalances. */
  ConsumerRebalanceListener rebalances(Consumer<byte[], byte[]> consumer) {
    return new Rebalances(consumer);
  }

  /** Called within poll and close, on the polling thread. */
  private final class Rebalances implements ConsumerRebalanceListener {
    private final Consumer<byte[], byte[]> consumer;

    Rebalances(Consumer<byte[], byte[]> consumer) {
      this.consumer = consumer;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> added) {
      // What follows of it is done after the poll, which would go on without records.
      consumer.wakeup();
      if (added.isEmpty()) {
        return;
      }
      LOG.atInfo().addKeyValue("partitions", named(added)).log("Assigned");
      consumer.pause(added);
      for (TopicPartition source : added) {
        // Until its pipeline says where to go on; without a place the client would look for one.
        consumer.seek(source, 0);
        assigned.put(
            source, new AssignedPartition(source, config.poisonTries(), metrics, time.millis()));
      }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
      if (revoked.isEmpty()) {
        return;
      }
      LOG.atInfo().addKeyValue("partitions", named(revoked)).log("Giving away");
      // What is drained is published in the generation of this very rebalance.
      publishers.inGroup(consumer.groupMetadata());
      drain(revoked.stream().map(assigned::get).filter(Objects::nonNull).toList());
      revoked.forEach(assigned::remove);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> lost) {
      LOG.atWarn().addKeyValue("partitions", named(lost)).log("Lost");
      lose(lost, "lost: the group has given the partition to another");
    }
  }

  private static String named(Collection<TopicPartition> sources) {
    return sources.stream()
        .sorted(
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition))
        .map(TopicPartition::toString)
        .collect(Collectors.joining(","));
  }
}
