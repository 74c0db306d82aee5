package io.spendwatch.ops.erasure;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.erasure.ErasureReport.Topic;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The topics, as one user is erased in them: where the last record of each key stays, a tombstone
 * ends it; the others keep what they have for as long as they are set to. Blocks. Throws {@link
 * OperatorException} where Kafka does not answer. Stateless.
 */
final class UserTopics {
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final String FOR_EVER = "-1";

  private final KafkaConfig config;

  UserTopics(KafkaConfig config) {
    this.config = config;
  }

  /**
   * What each topic keeps.
   *
   * @param now from when on their retention is counted
   */
  List<Topic> kept(Instant now) {
    Topics topics = config.topics();
    List<String> names =
        List.of(
            topics.transactions(),
            topics.balances(),
            topics.alerts(),
            topics.transactionsDeadLetters(),
            topics.balancesDeadLetters());
    Map<String, Object> properties = new HashMap<>(config.clientProperties());
    properties.put(
        AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis()));
    properties.put(
        AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis() / 2));
    try (Admin admin = Admin.create(properties)) {
      Map<ConfigResource, Config> settings =
          admin
              .describeConfigs(
                  names.stream()
                      .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
                      .toList())
              .all()
              .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
      List<Topic> kept = new ArrayList<>();
      for (String name : names) {
        Config config = settings.get(new ConfigResource(ConfigResource.Type.TOPIC, name));
        String policy = config.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
        String retention = config.get(TopicConfig.RETENTION_MS_CONFIG).value();
        boolean isDeleted =
            policy.contains(TopicConfig.CLEANUP_POLICY_DELETE) && !retention.equals(FOR_EVER);
        kept.add(
            new Topic(
                name,
                isDeleted ? now.plusMillis(Long.parseLong(retention)) : null,
                policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT)));
      }
      return kept;
    } catch (KafkaException | ExecutionException | TimeoutException e) {
      throw failure(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  /**
   * Ends the user's balances in their topic: compaction removes them, and in time the tombstone.
   */
  void endBalances(String userId) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis()));
    properties.put(
        ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.toIntExact(ANSWER.toMillis() / 2));
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, Math.toIntExact(ANSWER.toMillis()));
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    properties.putAll(config.clientProperties());
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    String topic = config.topics().balances();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
      int home = config.partitioner().partitionOf(userId, producer.partitionsFor(topic).size());
      var _ =
          producer
              .send(new ProducerRecord<>(topic, home, userId.getBytes(UTF_8), null))
              .get(2 * ANSWER.toMillis(), TimeUnit.MILLISECONDS);
    } catch (KafkaException | ExecutionException | TimeoutException e) {
      throw failure(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  private OperatorException failure(Exception e) {
    Throwable root = Retry.root(e);
    String what = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    return new OperatorException("Kafka at " + config.bootstrapServers() + ": " + what, e);
  }
}
