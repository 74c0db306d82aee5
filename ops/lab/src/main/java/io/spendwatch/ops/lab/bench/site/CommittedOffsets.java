package io.spendwatch.ops.lab.bench.site;

import io.spendwatch.errors.OperatorException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/**
 * How far a consumer group has come with a topic. For one thread, which it blocks.
 *
 * @param admin of the broker
 */
public record CommittedOffsets(Admin admin, String topic, String group) {
  private static final Duration ANSWER = Duration.ofSeconds(30);

  /** The offsets after the last record of each partition. */
  public Map<TopicPartition, Long> ends() {
    Map<TopicPartition, OffsetSpec> partitions =
        get(admin.describeTopics(List.of(topic)).topicNameValues().get(topic)).partitions().stream()
            .collect(
                Collectors.toMap(
                    info -> new TopicPartition(topic, info.partition()), _ -> OffsetSpec.latest()));
    return get(admin.listOffsets(partitions).all()).entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, end -> end.getValue().offset()));
  }

  /** How many records before these ends are not committed yet. */
  public long behind(Map<TopicPartition, Long> ends) {
    Map<TopicPartition, OffsetAndMetadata> committed =
        get(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
    long behind = 0;
    for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
      OffsetAndMetadata offset = committed.get(end.getKey());
      behind += Math.max(0, end.getValue() - (offset == null ? 0 : offset.offset()));
    }
    return behind;
  }

  private static <T> T get(KafkaFuture<T> answer) {
    try {
      return answer.get(ANSWER.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new OperatorException("Kafka: " + e.getCause().getMessage(), e.getCause());
    } catch (TimeoutException e) {
      throw new OperatorException("Kafka does not answer after " + ANSWER, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
