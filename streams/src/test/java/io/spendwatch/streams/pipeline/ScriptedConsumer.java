package io.spendwatch.streams.pipeline;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * A consumer of two partitions, each of whose polls begins with the next step of a script: of one
 * record a poll, so that what is read ahead can be counted.
 */
final class ScriptedConsumer extends MockConsumer<byte[], byte[]> {
  final Deque<Runnable> script = new ArrayDeque<>();
  ConsumerRebalanceListener listener;
  final List<Duration> timeouts = new ArrayList<>();
  int wakeups;
  Map<TopicPartition, OffsetAndMetadata> committed = Map.of();

  ScriptedConsumer(String topic) {
    super("none");
    setMaxPollRecords(1);
    Node node = new Node(0, "localhost", 1);
    updatePartitions(
        topic,
        List.of(
            new PartitionInfo(topic, 0, node, new Node[] {node}, new Node[] {node}),
            new PartitionInfo(topic, 1, node, new Node[] {node}, new Node[] {node})));
  }

  @Override
  public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
    timeouts.add(timeout);
    try {
      script.removeFirst().run();
    } catch (RuntimeException e) {
      // The loop would take it for Kafka's, and try again.
      throw new AssertionError(e);
    }
    return super.poll(timeout);
  }

  @Override
  public synchronized void wakeup() {
    wakeups++;
    super.wakeup();
  }

  @Override
  public synchronized void subscribe(
      Collection<String> topics, ConsumerRebalanceListener listener) {
    this.listener = listener;
    super.subscribe(topics, listener);
  }

  @Override
  public synchronized Map<TopicPartition, OffsetAndMetadata> committed(
      Set<TopicPartition> partitions, Duration timeout) {
    return committed;
  }
}
