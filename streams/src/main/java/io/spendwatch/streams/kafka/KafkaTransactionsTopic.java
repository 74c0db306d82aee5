package io.spendwatch.streams.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/** Asks with an admin client, which connects with the first question. Completes on its thread. */
public final class KafkaTransactionsTopic implements TransactionsTopic {
  private final Map<String, Object> properties;
  private final String topic;
  private Admin admin;
  private boolean closed;

  public KafkaTransactionsTopic(KafkaConfig config) {
    this.properties = new HashMap<>(config.adminProperties("topic"));
    this.topic = config.topics().transactions();
  }

  @Override
  public CompletionStage<Integer> partitions() {
    return ask(
        client ->
            client
                .describeTopics(List.of(topic))
                .allTopicNames()
                .thenApply(found -> found.get(topic).partitions().size()));
  }

  @Override
  public CompletionStage<List<Long>> ends(int partitions) {
    List<TopicPartition> asked =
        IntStream.range(0, partitions).mapToObj(each -> new TopicPartition(topic, each)).toList();
    return ask(
        client ->
            client
                .listOffsets(
                    asked.stream()
                        .collect(Collectors.toMap(Function.identity(), _ -> OffsetSpec.latest())),
                    new ListOffsetsOptions(IsolationLevel.READ_COMMITTED))
                .all()
                .thenApply(ends -> asked.stream().map(each -> ends.get(each).offset()).toList()));
  }

  private <T> CompletionStage<T> ask(Function<Admin, KafkaFuture<T>> question) {
    try {
      return question.apply(client()).toCompletionStage();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private synchronized Admin client() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    if (admin == null) {
      admin = Admin.create(properties);
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
