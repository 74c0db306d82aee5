package io.spendwatch.streams.kafka;

import io.spendwatch.streams.base.Retry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Asks the brokers, with one admin client that connects when first asked. Needs the right to
 * describe the topics, which reading and writing them implies.
 */
public final class KafkaTopicIds implements TopicIds {
  private final KafkaConfig config;
  private Admin admin;
  private boolean closed;

  public KafkaTopicIds(KafkaConfig config) {
    this.config = config;
  }

  @Override
  public CompletionStage<Map<String, String>> of(Set<String> topics) {
    CompletionStage<Map<String, String>> all = CompletableFuture.completedFuture(Map.of());
    try {
      for (Map.Entry<String, KafkaFuture<TopicDescription>> answer :
          admin().describeTopics(topics).topicNameValues().entrySet()) {
        all = all.thenCombine(id(answer.getValue()), (ids, id) -> with(ids, answer.getKey(), id));
      }
      return all;
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Empty for a topic that there is not. */
  private static CompletionStage<String> id(KafkaFuture<TopicDescription> answer) {
    return answer
        .toCompletionStage()
        .thenApply(topic -> topic.topicId().toString())
        .exceptionallyCompose(
            failure ->
                Retry.cause(failure) instanceof UnknownTopicOrPartitionException
                    ? CompletableFuture.completedFuture("")
                    : CompletableFuture.failedFuture(failure));
  }

  private static Map<String, String> with(Map<String, String> ids, String topic, String id) {
    if (id.isEmpty()) {
      return ids;
    }
    Map<String, String> more = new HashMap<>(ids);
    more.put(topic, id);
    return more;
  }

  private synchronized Admin admin() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    if (admin == null) {
      int timeoutMs = Math.toIntExact(config.requestTimeout().toMillis());
      Map<String, Object> all = new HashMap<>();
      all.put(CommonClientConfigs.CLIENT_ID_CONFIG, config.nodeId() + "-topics");
      all.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, timeoutMs);
      all.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, timeoutMs);
      all.putAll(config.clientProperties());
      admin = Admin.create(all);
    }
    return admin;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }
}
