package io.spendwatch.ops.events.sources;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.kafka.KafkaTopicIds;
import io.spendwatch.streams.kafka.TopicIds;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/** The alert topic, as the threads of this package read it. Thread-safe; its methods block. */
public final class AlertTopic {
  private static final int ALERTS_PER_POLL = 250;
  private static final int PARTITION_FETCH_BYTES_MAX = 128 << 10;

  private final KafkaConfig kafka;

  /** Nothing is asked yet. */
  public AlertTopic(KafkaConfig kafka) {
    this.kafka = kafka;
  }

  /**
   * A reader of it, with nowhere to begin yet.
   *
   * @param purpose ends its client's name
   * @throws OperatorException if Kafka does not answer or has no such topic
   */
  AlertTail open(String purpose) {
    Map<String, Object> client = new HashMap<>();
    client.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, ALERTS_PER_POLL);
    client.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, PARTITION_FETCH_BYTES_MAX);
    client.putAll(kafka.clientProperties());
    client.put(CommonClientConfigs.CLIENT_ID_CONFIG, kafka.nodeId() + "-" + purpose);
    // What retention has taken is passed over, and no more.
    client.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return AlertTail.open(client, kafka.topics().alerts());
  }

  /** Who knows its id; the caller closes it. */
  TopicIds ids() {
    return new KafkaTopicIds(kafka);
  }

  /**
   * Kafka's id of it, which changes when it is deleted and made anew.
   *
   * @param ids of {@link #ids()}
   * @throws OperatorException if Kafka does not answer or has no such topic
   */
  String id(TopicIds ids) {
    String name = kafka.topics().alerts();
    try {
      String id =
          ids.of(Set.of(name))
              .toCompletableFuture()
              .get(2 * kafka.requestTimeout().toMillis(), TimeUnit.MILLISECONDS)
              .get(name);
      if (id == null) {
        throw new OperatorException("Kafka: topic " + name + " is missing");
      }
      return id;
    } catch (ExecutionException | TimeoutException e) {
      throw new OperatorException("Kafka: " + Retry.root(e).getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
