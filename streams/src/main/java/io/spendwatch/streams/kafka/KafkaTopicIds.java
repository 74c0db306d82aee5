package io.spendwatch.streams.kafka;

import io.spendwatch.streams.base.Retry;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Asks the brokers, with one admin client that connects when first asked. Needs the right to
 * describe the topics, which reading and writing them implies.
 */
public final class KafkaTopicIds implements TopicIds {
  private final LazyAdmin admin;

  public KafkaTopicIds(KafkaConfig config) {
    this.admin = new LazyAdmin(config, "topics");
  }

  @Override
  public CompletionStage<Map<String, String>> of(Set<String> topics) {
    return admin.ask(client -> ids(client, topics));
  }

  private static CompletionStage<Map<String, String>> ids(Admin client, Set<String> topics) {
    CompletionStage<Map<String, String>> all = CompletableFuture.completedFuture(Map.of());
    for (Map.Entry<String, KafkaFuture<TopicDescription>> answer :
        client.describeTopics(topics).topicNameValues().entrySet()) {
      all = all.thenCombine(id(answer.getValue()), (ids, id) -> with(ids, answer.getKey(), id));
    }
    return all;
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

  @Override
  public void close() {
    admin.close();
  }
}
