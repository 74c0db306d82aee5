package io.spendwatch.loadgen.kafka;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.pace.Waiting;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * The Kafka cluster that a command talks to. Whatever goes wrong is a {@link OperatorException}
 * that names the server; waiting is bounded and says what for.
 */
public final class KafkaCluster implements AutoCloseable {

  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);

  private final KafkaOptions options;
  private final Waiting waiting;
  private final Admin admin;

  private KafkaCluster(KafkaOptions options, Waiting waiting, Admin admin) {
    this.options = options;
    this.waiting = waiting;
    this.admin = admin;
  }

  /**
   * Connects, and waits until each partition of the topics of transactions and balances, and of
   * others, has a leader.
   */
  public static KafkaCluster connect(KafkaOptions options, Waiting waiting, String... otherTopics) {
    Map<String, Object> properties = new HashMap<>(options.allProperties());
    properties.put("bootstrap.servers", options.bootstrapServers);
    properties.putIfAbsent("request.timeout.ms", (int) REQUEST_TIMEOUT.toMillis());
    properties.putIfAbsent("default.api.timeout.ms", (int) REQUEST_TIMEOUT.toMillis());
    KafkaCluster cluster;
    try {
      cluster = new KafkaCluster(options, waiting, Admin.create(properties));
    } catch (KafkaException e) {
      throw new OperatorException(reason(options, e), e);
    }
    try {
      cluster.awaitTopics(otherTopics);
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  private void awaitTopics(String... otherTopics) {
    List<String> wanted = new ArrayList<>();
    wanted.add(options.transactionsTopic);
    wanted.add(options.balancesTopic);
    wanted.addAll(List.of(otherTopics));
    awaitThat(
        options.connectTimeout,
        () -> {
          try {
            Map<String, TopicDescription> topics =
                get(admin.describeTopics(wanted).allTopicNames());
            return topics.values().stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .map(TopicPartitionInfo::leader)
                    .allMatch(leader -> leader != null && !leader.isEmpty())
                ? null
                : "partitions without a leader on Kafka at " + options.bootstrapServers;
          } catch (UnknownTopicOrPartitionException e) {
            return "no topics "
                + String.join(" and ", wanted)
                + " on Kafka at "
                + options.bootstrapServers
                + " (spendwatch migrate creates them)";
          }
        });
  }

  /** A producer that keeps the order of each key and fails rather than lose a record. */
  public KafkaSink newSink() {
    Map<String, Object> properties = new HashMap<>();
    properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 5);
    properties.put(ProducerConfig.BATCH_SIZE_CONFIG, 64 * 1024);
    properties.putAll(options.partitioner.producerProperties());
    properties.putAll(options.allProperties());
    properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, options.bootstrapServers);
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    try {
      return new KafkaSink(properties, options.bootstrapServers);
    } catch (KafkaException e) {
      throw new OperatorException(reason(options, e), e);
    }
  }

  /**
   * Waits until the nodes' consumer group has committed up to these offsets, which it does once
   * what lies before them is durable and in force. Gives up once nothing has moved for the wait
   * time-out.
   *
   * @param ends offset after the last record to be applied, for each partition
   */
  public void awaitApplied(Map<TopicPartition, Long> ends) {
    awaitThat(options.waitTimeout, () -> toBeApplied(ends));
  }

  /**
   * Of which users, by their ids, the nodes may not have decided all records: those of partitions
   * that have some to go; of all of them where none has, as their alerts are not read yet, or
   * nobody knows.
   *
   * @param topic of the transactions
   * @param ends as {@link #awaitApplied} has it
   */
  public Predicate<String> undecided(String topic, Map<TopicPartition, Long> ends) {
    Map<TopicPartition, Long> behind;
    int partitions;
    try {
      behind = behind(ends);
      partitions =
          get(admin.describeTopics(List.of(topic)).allTopicNames()).get(topic).partitions().size();
    } catch (RetriableException e) {
      return _ -> true;
    }
    return behind.isEmpty()
        ? _ -> true
        : user ->
            behind.containsKey(
                new TopicPartition(topic, options.partitioner.partitionOf(user, partitions)));
  }

  /** How many records to go each partition has that has some. */
  private Map<TopicPartition, Long> behind(Map<TopicPartition, Long> ends) {
    Map<TopicPartition, OffsetAndMetadata> committed =
        get(admin.listConsumerGroupOffsets(options.group).partitionsToOffsetAndMetadata());
    Map<TopicPartition, Long> behind = new HashMap<>();
    ends.forEach(
        (partition, end) -> {
          OffsetAndMetadata offset = committed.get(partition);
          long toGo = end - (offset == null ? 0 : offset.offset());
          if (toGo > 0) {
            behind.put(partition, toGo);
          }
        });
    return behind;
  }

  private String toBeApplied(Map<TopicPartition, Long> ends) {
    long behind = behind(ends).values().stream().mapToLong(Long::longValue).sum();
    return behind == 0
        ? null
        : "consumer group "
            + options.group
            + " has "
            + behind
            + " records to go (is a spendwatch node running on Kafka at "
            + options.bootstrapServers
            + "?)";
  }

  /** Subscribes to what is committed to the alert topic from now on. */
  public AlertSubscriber subscribe(String alertsTopic, AlertCheck check) {
    Map<String, Object> properties = new HashMap<>(options.allProperties());
    properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, options.bootstrapServers);
    try {
      TopicDescription topic =
          get(admin.describeTopics(List.of(alertsTopic)).allTopicNames()).get(alertsTopic);
      List<TopicPartition> partitions =
          topic.partitions().stream()
              .map(partition -> new TopicPartition(alertsTopic, partition.partition()))
              .toList();
      return AlertSubscriber.start(
          properties, ends(partitions, IsolationLevel.READ_COMMITTED), check);
    } catch (KafkaException e) {
      throw new OperatorException(reason(options, e), e);
    }
  }

  /**
   * Waits until the nodes' consumer group has committed up to these offsets and the subscriber has
   * read all alerts that were published until then: then none can come any more.
   *
   * @param ends offset after the last record to be applied, for each partition
   * @param atMost how long, in all
   * @return what is still outstanding after it; null for nothing
   */
  public String awaitAlerts(
      Map<TopicPartition, Long> ends, AlertSubscriber subscriber, Duration atMost) {
    Map<TopicPartition, Long> alertEnds = new HashMap<>();
    return await(
        Waiting.FOREVER,
        atMost,
        () -> {
          String toBeApplied = alertEnds.isEmpty() ? toBeApplied(ends) : null;
          if (toBeApplied != null) {
            return toBeApplied;
          }
          if (alertEnds.isEmpty()) {
            // The offsets may be visible before the alerts of the same transaction: those are
            // there, but their partition may not yet have its marker.
            alertEnds.putAll(ends(subscriber.partitions(), IsolationLevel.READ_UNCOMMITTED));
          }
          long behind = subscriber.behind(alertEnds);
          return behind == 0 ? null : behind + " offsets of the alert topic are not read";
        });
  }

  private Map<TopicPartition, Long> ends(
      List<TopicPartition> partitions, IsolationLevel isolation) {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    partitions.forEach(partition -> latest.put(partition, OffsetSpec.latest()));
    Map<TopicPartition, Long> ends = new HashMap<>();
    get(admin.listOffsets(latest, new ListOffsetsOptions(isolation)).all())
        .forEach((partition, offset) -> ends.put(partition, offset.offset()));
    return ends;
  }

  /** Gives up once nothing has moved for the time-out. */
  private void awaitThat(Duration timeout, Waiting.Condition condition) {
    String outstanding = await(timeout, Waiting.FOREVER, condition);
    if (outstanding != null) {
      throw new OperatorException(outstanding + "; gave up after " + timeout.toSeconds() + " s");
    }
  }

  /** A failure that may pass is outstanding too. */
  private String await(Duration quiet, Duration atMost, Waiting.Condition condition) {
    return waiting.until(
        quiet,
        atMost,
        () -> {
          try {
            return condition.outstanding();
          } catch (RetriableException e) {
            return reason(options, e);
          }
        });
  }

  /** The future's value; transient failures as {@link RetriableException}. */
  private <T> T get(KafkaFuture<T> future) {
    try {
      return future.get(2 * REQUEST_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new org.apache.kafka.common.errors.TimeoutException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RetriableException transientFailure) {
        throw transientFailure;
      }
      throw new OperatorException(reason(options, e.getCause()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  private static String reason(KafkaOptions options, Throwable failure) {
    if (failure instanceof org.apache.kafka.common.errors.TimeoutException) {
      return "no answer from Kafka at " + options.bootstrapServers;
    }
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return "Kafka at " + options.bootstrapServers + ": " + root.getMessage();
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
