package io.spendwatch.ops.capture.walk;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.Position;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.protocol.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Where the position of a capture is kept: the newest record with its name, in a compacted topic.
 * Methods block, for Kafka's answers.
 */
final class Positions {
  private static final Duration ANSWER = Duration.ofSeconds(15);
  private static final Duration POLL = Duration.ofMillis(200);

  private final CaptureConfig config;
  private final TopicPartition partition;

  Positions(CaptureConfig config) {
    this.config = config;
    this.partition = new TopicPartition(config.positionsTopic(), 0);
  }

  /**
   * Makes the topic of positions, and that of the tables' history where it is needed; sees to it
   * that those of the records are there.
   *
   * @throws OperatorException if one of the latter is not
   * @throws ExecutionException if Kafka does not answer
   */
  void prepareTopics() throws ExecutionException, InterruptedException, TimeoutException {
    Map<String, Object> properties = new HashMap<>(config.kafka().clientProperties());
    properties.put(AdminClientConfig.CLIENT_ID_CONFIG, config.kafka().nodeId() + "-admin");
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5000);
    properties.put(
        AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis()));
    try (Admin admin = Admin.create(properties)) {
      Set<String> there = admin.listTopics().names().get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
      Topics topics = config.kafka().topics();
      for (String topic :
          List.of(
              topics.transactions(),
              topics.balances(),
              topics.transactionsDeadLetters(),
              topics.balancesDeadLetters())) {
        if (!there.contains(topic)) {
          throw new OperatorException(
              "Kafka at "
                  + config.kafka().bootstrapServers()
                  + " has no topic "
                  + topic
                  + ": `spendwatch migrate` makes it");
        }
      }
      List<NewTopic> missing = new ArrayList<>();
      if (!there.contains(config.positionsTopic())) {
        missing.add(
            topic(
                config.positionsTopic(),
                Map.of(
                    TopicConfig.CLEANUP_POLICY_CONFIG,
                    TopicConfig.CLEANUP_POLICY_COMPACT,
                    // It is read whole at each start.
                    TopicConfig.SEGMENT_BYTES_CONFIG,
                    Integer.toString(4 << 20))));
      }
      if (config.source().product() == SourceAddress.Product.MARIADB
          && !there.contains(config.historyTopic())) {
        missing.add(
            topic(
                config.historyTopic(),
                Map.of(
                    TopicConfig.CLEANUP_POLICY_CONFIG,
                    TopicConfig.CLEANUP_POLICY_DELETE,
                    TopicConfig.RETENTION_MS_CONFIG,
                    "-1",
                    TopicConfig.RETENTION_BYTES_CONFIG,
                    "-1")));
      }
      for (NewTopic topic : missing) {
        create(admin, topic);
      }
    }
  }

  private static NewTopic topic(String name, Map<String, String> settings) {
    // As many copies as the cluster gives to topics by itself.
    return new NewTopic(name, Optional.of(1), Optional.empty()).configs(settings);
  }

  private static void create(Admin admin, NewTopic topic)
      throws ExecutionException, InterruptedException, TimeoutException {
    try {
      var _ =
          admin.createTopics(List.of(topic)).all().get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)) {
        throw e;
      }
    }
  }

  /** The position that is kept. */
  Position read() {
    Map<String, Object> properties = new HashMap<>(config.kafka().clientProperties());
    properties.put(ConsumerConfig.CLIENT_ID_CONFIG, config.kafka().nodeId() + "-positions");
    properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    properties.put(
        ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis()));
    properties.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    properties.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
    Position newest = new Position.None();
    try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(properties)) {
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (record.key() != null && config.name().equals(new String(record.key(), UTF_8))) {
            newest =
                record.value() == null
                    ? new Position.None()
                    : Position.Json.read(
                        partition.topic() + "/0/" + record.offset(), record.value());
          }
        }
      }
    }
    return newest;
  }

  /** The record that keeps a position. */
  ProducerRecord<byte[], byte[]> record(Position position) {
    return new ProducerRecord<>(
        partition.topic(), 0, config.name().getBytes(UTF_8), Position.Json.write(position));
  }
}
