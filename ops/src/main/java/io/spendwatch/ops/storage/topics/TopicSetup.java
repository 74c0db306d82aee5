package io.spendwatch.ops.storage.topics;

import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Makes the topics of the contract, with the settings that its guarantees need.
 *
 * <p>A topic that is there already is left as it is: its settings are its owner's. Blocks;
 * thread-safe as far as the given {@link Admin} is.
 */
public final class TopicSetup {
  public static final int DEFAULT_PARTITIONS = 8;

  /** A 1 MB value and its original headers, with ours beside them. */
  private static final int DEAD_LETTER_BYTES_MAX = 2 * 1024 * 1024;

  /** How long alerts, dead letters and sales metrics are kept, if nothing else is said. */
  static final Duration RETENTION = Duration.ofDays(30);

  private static final String FOR_EVER = "-1";
  private static final Duration READY_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration READY_PAUSE = Duration.ofMillis(50);

  private final Admin admin;
  private final Topics topics;
  private final Optional<Duration> deadLettersKept;
  private final Timekeeper time;

  public TopicSetup(Admin admin, Topics topics, Timekeeper time) {
    this(admin, topics, Optional.of(RETENTION), time);
  }

  /**
   * Does nothing yet.
   *
   * @param deadLettersKept by topics of dead letters that are made; empty: for ever
   */
  public TopicSetup(
      Admin admin, Topics topics, Optional<Duration> deadLettersKept, Timekeeper time) {
    this.admin = admin;
    this.topics = topics;
    this.deadLettersKept = deadLettersKept;
    this.time = time;
  }

  /**
   * Makes the topics that are missing and waits until each partition can be written to: a producer
   * that is earlier than that may lose its first batch. Two at once are safe.
   *
   * @param partitions of each topic that is made, as the operator asked for, if anything; {@value
   *     #DEFAULT_PARTITIONS} otherwise. What is there keeps its own: for more see {@link
   *     TopicGrowth}
   * @param replicationFactor what the operator asked for, if anything; the cluster's default
   *     otherwise
   * @return the names of the topics that were made
   * @throws ExecutionException if Kafka does not answer, or refuses
   */
  public List<String> create(OptionalInt partitions, OptionalInt replicationFactor)
      throws ExecutionException, InterruptedException {
    Map<String, Map<String, String>> wanted = settings(replicationFactor);
    List<String> made = new ArrayList<>();
    var creation =
        admin.createTopics(
            wanted.entrySet().stream()
                .map(
                    topic ->
                        new NewTopic(
                                topic.getKey(),
                                partitions.orElse(DEFAULT_PARTITIONS),
                                (short) replicationFactor.orElse(-1))
                            .configs(topic.getValue()))
                .toList());
    for (var topic : creation.values().entrySet()) {
      try {
        topic.getValue().get();
        made.add(topic.getKey());
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TopicExistsException)) {
          throw e;
        }
      }
    }
    awaitReady(List.copyOf(wanted.keySet()));
    return made;
  }

  private Map<String, Map<String, String>> settings(OptionalInt replicationFactor) {
    Map<String, String> all = new HashMap<>();
    if (replicationFactor.isPresent()) {
      // With three copies or more, one may be away without a write being lost or refused.
      all.put(
          TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
          Integer.toString(replicationFactor.getAsInt() >= 3 ? 2 : 1));
    }
    Map<String, Map<String, String>> settings = new LinkedHashMap<>();
    settings.put(topics.transactions(), Map.of());
    settings.put(
        topics.balances(),
        Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT));
    settings.put(
        topics.alerts(),
        Map.of(TopicConfig.RETENTION_MS_CONFIG, Long.toString(RETENTION.toMillis())));
    Map<String, String> deadLetters =
        Map.of(
            TopicConfig.RETENTION_MS_CONFIG,
            deadLettersKept.map(kept -> Long.toString(kept.toMillis())).orElse(FOR_EVER),
            TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
            Integer.toString(DEAD_LETTER_BYTES_MAX));
    settings.put(topics.transactionsDeadLetters(), deadLetters);
    settings.put(topics.balancesDeadLetters(), deadLetters);
    // The last record of a key holds; a minute that has long been settled need not be there.
    settings.put(
        topics.salesMetrics(),
        Map.of(
            TopicConfig.CLEANUP_POLICY_CONFIG,
            TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE,
            TopicConfig.RETENTION_MS_CONFIG,
            Long.toString(RETENTION.toMillis())));
    settings.replaceAll(
        (_, own) -> {
          Map<String, String> merged = new HashMap<>(all);
          merged.putAll(own);
          return merged;
        });
    return settings;
  }

  private void awaitReady(List<String> names) throws ExecutionException, InterruptedException {
    long deadlineNanos = time.nanoTime() + READY_TIMEOUT.toNanos();
    while (true) {
      try {
        Map<String, TopicDescription> there = admin.describeTopics(names).allTopicNames().get();
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        there
            .values()
            .forEach(
                topic ->
                    topic
                        .partitions()
                        .forEach(
                            partition ->
                                ends.put(
                                    new TopicPartition(topic.name(), partition.partition()),
                                    OffsetSpec.latest())));
        // Only a broker that leads the partition, and knows it, has an answer.
        admin.listOffsets(ends).all().get();
        return;
      } catch (ExecutionException e) {
        // Of several brokers some may not have heard of a new topic yet.
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            || time.nanoTime() >= deadlineNanos) {
          throw e;
        }
      }
      time.pause(READY_PAUSE);
    }
  }
}
