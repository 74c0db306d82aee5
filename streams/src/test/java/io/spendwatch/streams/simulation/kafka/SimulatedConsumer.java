package io.spendwatch.streams.simulation.kafka;

import io.spendwatch.streams.simulation.scheduler.Host;
import io.spendwatch.streams.simulation.scheduler.Life;
import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import io.spendwatch.streams.simulation.scheduler.Weather;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;

/** A consumer of the group, as {@code KafkaConsumer} behaves. */
public final class SimulatedConsumer {
  private static final int RECORDS_MAX = 24;

  private final Scheduler scheduler;
  private final SimulatedKafka kafka;
  private final SimulatedConnection connection;
  private final Outage outage;
  private final Host host;
  private final Life life;
  private final Set<TopicPartition> owned = new LinkedHashSet<>();
  private final Set<TopicPartition> paused = new HashSet<>();
  private final Map<TopicPartition, Long> positions = new HashMap<>();
  private ConsumerRebalanceListener listener;
  private SimulatedGroup.Member member;
  private int generation = -1;
  private boolean wakeup;

  private SimulatedConsumer(
      Scheduler scheduler,
      SimulatedKafka kafka,
      Weather weather,
      Outage outage,
      Host host,
      Life life) {
    this.scheduler = scheduler;
    this.kafka = kafka;
    this.connection = new SimulatedConnection(scheduler, weather, outage);
    this.outage = outage;
    this.host = host;
    this.life = life;
  }

  @SuppressWarnings("unchecked")
  public static Consumer<byte[], byte[]> create(
      Scheduler scheduler,
      SimulatedKafka kafka,
      Weather weather,
      Outage outage,
      Host host,
      Life life) {
    return SimulatedClients.as(
        Consumer.class, new SimulatedConsumer(scheduler, kafka, weather, outage, host, life));
  }

  @Served
  void subscribe(Collection<String> topics, ConsumerRebalanceListener rebalances) {
    listener = rebalances;
  }

  @Served
  ConsumerRecords<byte[], byte[]> poll(Duration atMost) {
    wakeIfAsked();
    if (!outage.isOn()) {
      takePartInTheGroup();
    }
    ConsumerRecords<byte[], byte[]> records = fetch();
    if (records.isEmpty()) {
      boolean _ = scheduler.block(() -> wakeup || canFetch() || mustJoin(), atMost.toNanos());
      wakeIfAsked();
      records = fetch();
    }
    return records;
  }

  private void wakeIfAsked() {
    if (wakeup) {
      wakeup = false;
      throw new WakeupException();
    }
  }

  private boolean mustJoin() {
    SimulatedGroup group = kafka.group();
    if (outage.isOn() || member == null) {
      return false;
    }
    boolean hasNews = group.isRebalancing() || generation != group.generation();
    return !group.knows(member) || (hasNews && !group.hasJoined(member));
  }

  private void takePartInTheGroup() {
    SimulatedGroup group = kafka.group();
    if (member != null && !group.knows(member)) {
      member = null;
      generation = -1;
      Set<TopicPartition> lost = new LinkedHashSet<>(owned);
      owned.clear();
      positions.clear();
      if (!lost.isEmpty()) {
        listener.onPartitionsLost(lost);
      }
    }
    if (member == null) {
      member = group.enter(host, life);
      group.join(member, owned);
    } else if (group.isRebalancing() && !group.hasJoined(member)) {
      adopt();
      if (!group.hasJoined(member)) {
        group.join(member, owned);
      }
    }
    adopt();
  }

  /** Takes up what a new generation has assigned. */
  private void adopt() {
    SimulatedGroup group = kafka.group();
    if (generation == group.generation() || group.hasJoined(member) || !group.knows(member)) {
      return;
    }
    generation = group.generation();
    Set<TopicPartition> revoked = new LinkedHashSet<>(owned);
    revoked.removeAll(member.assigned());
    Set<TopicPartition> added = new LinkedHashSet<>(member.assigned());
    added.removeAll(owned);
    if (!revoked.isEmpty()) {
      listener.onPartitionsRevoked(revoked);
      owned.removeAll(revoked);
      positions.keySet().removeAll(revoked);
    }
    owned.addAll(added);
    listener.onPartitionsAssigned(added);
    if (!revoked.isEmpty() && group.knows(member)) {
      group.join(member, owned);
    }
  }

  private boolean canFetch() {
    return !outage.isOn() && owned.stream().anyMatch(this::hasRecords);
  }

  private boolean hasRecords(TopicPartition partition) {
    return !paused.contains(partition)
        && positions.getOrDefault(partition, Long.MAX_VALUE) < kafka.end(partition);
  }

  private ConsumerRecords<byte[], byte[]> fetch() {
    Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new LinkedHashMap<>();
    Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
    if (!outage.isOn()) {
      failIfOutOfRange();
      for (TopicPartition partition : owned) {
        if (hasRecords(partition)) {
          int from = positions.get(partition).intValue();
          int count = 1 + scheduler.random().nextInt(RECORDS_MAX);
          int to = (int) Math.min(from + count, kafka.end(partition));
          records.put(partition, List.copyOf(kafka.log(partition).subList(from, to)));
          next.put(partition, new OffsetAndMetadata(to));
          positions.put(partition, (long) to);
        }
      }
    }
    return new ConsumerRecords<>(records, next);
  }

  /** Without a policy the client leaves it to whoever polls. */
  private void failIfOutOfRange() {
    Map<TopicPartition, Long> outOfRange = new HashMap<>();
    for (TopicPartition partition : owned) {
      if (!paused.contains(partition) && positions.get(partition) < kafka.begin(partition)) {
        outOfRange.put(partition, positions.get(partition));
      }
    }
    if (!outOfRange.isEmpty()) {
      scheduler.trace().happened("reading overtaken by retention");
      throw new OffsetOutOfRangeException(outOfRange);
    }
  }

  @Served
  void pause(Collection<TopicPartition> partitions) {
    paused.addAll(partitions);
  }

  @Served
  void resume(Collection<TopicPartition> partitions) {
    paused.removeAll(partitions);
  }

  @Served
  void seek(TopicPartition partition, long offset) {
    positions.put(partition, offset);
  }

  @Served
  Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration limit) {
    return connection.call(
        "committed offsets",
        () -> {
          if (partitions.stream().anyMatch(kafka::isUnstable)) {
            scheduler.trace().happened("offsets asked for while a transaction holds them");
            throw new TimeoutException("an open transaction holds the offset");
          }
          Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
          for (TopicPartition partition : partitions) {
            committed.put(partition, kafka.committed(partition));
          }
          return committed;
        });
  }

  @Served
  long position(TopicPartition partition, Duration limit) {
    return positions.get(partition);
  }

  @Served
  List<PartitionInfo> partitionsFor(String topic, Duration limit) {
    return connection.call(
        "metadata",
        () -> java.util.Collections.nCopies(kafka.partitions(topic), (PartitionInfo) null));
  }

  @Served
  Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration limit) {
    return connection.call(
        "end offsets",
        () -> {
          Map<TopicPartition, Long> ends = new HashMap<>();
          partitions.forEach(partition -> ends.put(partition, kafka.end(partition)));
          return ends;
        });
  }

  @Served
  Map<TopicPartition, Long> beginningOffsets(
      Collection<TopicPartition> partitions, Duration limit) {
    return connection.call(
        "beginning offsets",
        () -> {
          Map<TopicPartition, Long> begins = new HashMap<>();
          partitions.forEach(partition -> begins.put(partition, kafka.begin(partition)));
          return begins;
        });
  }

  @Served
  OptionalLong currentLag(TopicPartition partition) {
    return OptionalLong.empty();
  }

  @Served
  @SuppressWarnings("removal") // only the client itself is to make them; here we are the client
  ConsumerGroupMetadata groupMetadata() {
    return member == null
        ? new ConsumerGroupMetadata("group")
        : new ConsumerGroupMetadata("group", generation, member.id(), Optional.empty());
  }

  @Served
  void wakeup() {
    wakeup = true;
  }

  @Served
  void close() {
    if (!life.isAlive()) {
      return;
    }
    if (!owned.isEmpty()) {
      listener.onPartitionsRevoked(new LinkedHashSet<>(owned));
    }
    if (member != null && !outage.isOn()) {
      kafka.group().leave(member);
    }
  }
}
