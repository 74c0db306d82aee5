package io.spendwatch.streams.kafka;

import java.util.List;
import java.util.Objects;
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
  private final LazyAdmin admin;
  private final String topic;

  public KafkaTransactionsTopic(KafkaConfig config) {
    this.admin = new LazyAdmin(config, "topic");
    this.topic = config.topics().transactions();
  }

  @Override
  public CompletionStage<Integer> partitions() {
    return ask(
        client ->
            client
                .describeTopics(List.of(topic))
                .allTopicNames()
                .thenApply(
                    found ->
                        Objects.requireNonNull(found.get(topic), "the topic").partitions().size()));
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
                .thenApply(
                    ends ->
                        asked.stream()
                            .map(each -> Objects.requireNonNull(ends.get(each), "its end").offset())
                            .toList()));
  }

  private <T> CompletionStage<T> ask(Function<Admin, KafkaFuture<T>> question) {
    return admin.ask(client -> question.apply(client).toCompletionStage());
  }

  @Override
  public void close() {
    admin.close();
  }
}
