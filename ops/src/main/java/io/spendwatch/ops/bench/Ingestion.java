package io.spendwatch.ops.bench;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.process.GuardedProcess;
import io.spendwatch.protocol.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * How far a node has come with what an injector produces. For one thread, which it blocks.
 *
 * @param admin of the broker
 * @param node that consumes
 * @param injector what produces
 * @param catchUpMax how long the node may take for what has been produced
 */
record Ingestion(Admin admin, GuardedProcess node, Injector injector, Duration catchUpMax) {
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** Transactions a second that were ingested, from the first to the last offset committed. */
  double steady(int perSecond, Duration time)
      throws ExecutionException, InterruptedException, TimeoutException {
    long times = perSecond * time.toSeconds();
    long startNanos = System.nanoTime();
    OpenLoop.start("injector", perSecond, times, injector::send).join();
    return ingested(times, startNanos);
  }

  /** The same for as many as can be produced at once. */
  double burst(long transactions)
      throws ExecutionException, InterruptedException, TimeoutException {
    long startNanos = System.nanoTime();
    for (long i = 0; i < transactions; i++) {
      injector.send(System.nanoTime());
    }
    return ingested(transactions, startNanos);
  }

  private double ingested(long transactions, long startNanos)
      throws ExecutionException, InterruptedException, TimeoutException {
    injector.flush();
    String topic = Topics.DEFAULT.transactions();
    Set<TopicPartition> partitions =
        admin
            .describeTopics(List.of(topic))
            .topicNameValues()
            .get(topic)
            .get(ANSWER.toSeconds(), TimeUnit.SECONDS)
            .partitions()
            .stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .collect(Collectors.toSet());
    var ends =
        admin
            .listOffsets(
                partitions.stream()
                    .collect(Collectors.toMap(partition -> partition, _ -> OffsetSpec.latest())))
            .all()
            .get(ANSWER.toSeconds(), TimeUnit.SECONDS);
    long deadlineNanos = System.nanoTime() + catchUpMax.toNanos();
    while (System.nanoTime() < deadlineNanos) {
      Map<TopicPartition, OffsetAndMetadata> committed =
          admin
              .listConsumerGroupOffsets("spendwatch")
              .partitionsToOffsetAndMetadata()
              .get(ANSWER.toSeconds(), TimeUnit.SECONDS);
      if (ends.entrySet().stream()
          .allMatch(end -> isCommitted(committed.get(end.getKey()), end.getValue().offset()))) {
        return transactions / ((System.nanoTime() - startNanos) / 1e9);
      }
      if (!node.isRunning()) {
        throw new OperatorException(node.lastWords());
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
    throw new OperatorException("the node has not caught up within " + catchUpMax);
  }

  private static boolean isCommitted(OffsetAndMetadata committed, long end) {
    return end == 0 || (committed != null && committed.offset() >= end);
  }
}
