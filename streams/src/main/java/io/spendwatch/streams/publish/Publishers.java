package io.spendwatch.streams.publish;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TopicIds;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.pekko.Done;

/**
 * A node's {@linkplain Publisher publishers}. A producer has one transaction at a time, and whoever
 * comes meanwhile waits for it: with several, fewer do. What a partition publishes is always
 * published by the same one, in its order. For any thread.
 */
public final class Publishers {
  private final List<Publisher> publishers;

  /**
   * @param producers makes the producer with this number among the node's, from 0, with a
   *     transactional id of its own, not initialised
   * @param topicIds which topics there are
   * @param outputs the topics that are published to
   */
  public Publishers(
      IntFunction<Producer<byte[], byte[]>> producers,
      TopicIds topicIds,
      Set<String> outputs,
      PublishConfig config,
      PipelineMetrics metrics,
      Timekeeper time) {
    // One for all, so that the brokers are asked no more often than by one.
    TopicWatch topics = new TopicWatch(topicIds, outputs, Publisher.TOPICS_LOOK, time, () -> {});
    this.publishers =
        IntStream.range(0, config.publishers())
            .mapToObj(
                number ->
                    new Publisher(
                        "spendwatch-publisher-" + number,
                        () -> producers.apply(number),
                        topics,
                        config,
                        metrics,
                        time))
            .toList();
  }

  /** Starts the threads, which begin by ending whatever an earlier process left open. */
  public void start() {
    publishers.forEach(Publisher::start);
  }

  /** As {@link Publisher#publish}. */
  public CompletionStage<Done> publish(
      PipelineLife life,
      long nextOffset,
      String note,
      List<ProducerRecord<byte[], byte[]>> records,
      boolean mayWait) {
    return of(life.source()).publish(life, nextOffset, note, records, mayWait);
  }

  /** As {@link Publisher#publishAhead}. */
  public CompletionStage<Done> publishAhead(
      PipelineLife life,
      long nextOffset,
      String note,
      List<ProducerRecord<byte[], byte[]>> records,
      CompletableFuture<Done> durable) {
    return of(life.source()).publishAhead(life, nextOffset, note, records, durable);
  }

  /** Whether a request of any life of this partition is not finished, one way or the other. */
  public boolean isBusyWith(TopicPartition source) {
    return of(source).isBusyWith(source);
  }

  /** Tells in which generation of the group we are. By the thread that polls. */
  public void inGroup(ConsumerGroupMetadata current) {
    publishers.forEach(publisher -> publisher.inGroup(current));
  }

  /** What one of the threads waits for, for people; empty while nothing. */
  public Optional<String> waitingFor() {
    return publishers.stream().flatMap(publisher -> publisher.waitingFor().stream()).findFirst();
  }

  /** Publishes what has been asked for, then ends. */
  public CompletionStage<Void> close() {
    return CompletableFuture.allOf(
        publishers.stream()
            .map(publisher -> publisher.close().toCompletableFuture())
            .toArray(CompletableFuture<?>[]::new));
  }

  private Publisher of(TopicPartition source) {
    return publishers.get(source.partition() % publishers.size());
  }
}
