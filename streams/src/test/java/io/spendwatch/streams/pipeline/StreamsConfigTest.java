package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamsConfigTest {
  @Test
  void readsItsOwnDefaults() {
    StreamsConfig config = read("");
    assertThat(config.kafka().topics().transactionsDeadLetters()).isEqualTo("transactions.dlq");
    assertThat(config.pipeline().batchRowsMax()).isEqualTo(2000);
    assertThat(config.postgres().address()).isEqualTo("localhost:5432/spendwatch");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pipeline.batch-rows-max = 0       | batch-rows-max: 0 (expected: 1..",
        "pipeline.batch-bytes-max = 10     | batch-bytes-max: 10 (expected: >= batch-rows-max 2000",
        "pipeline.write-rows-max = 0       | write-rows-max: 0 (expected: 1..",
        "pipeline.poll-interval-min = 1 s  | poll-interval-min: PT1S (expected: at most 100 ms",
        "pipeline.ahead-patience = 6 s     | ahead-patience: PT6S (expected: at most 5 s",
        "pipeline.publishers = 0           | publishers: 0 (expected: 1..",
        "pipeline.tick = 0 s               | tick: PT0S (expected: at least 1 ms",
        "pipeline.drain-timeout = 100 ms   | drain-timeout: PT0.1S (expected: > offset-commit-interval",
        "pipeline.retry.max = 1 ms         | retry.max: PT0.001S (expected: >= retry.min",
        "pipeline.batch-rows = 1           | unknown settings [batch-rows]",
        "kafka.topics.alert = a            | unknown settings [alert]",
        "kafka.bootstrap-servers = ''      | bootstrap-servers",
        "kafka.transaction-timeout = 6 s   | transaction-timeout: PT6S (expected: >= twice",
        "postgres.uri = 'jdbc:postgresql:' | postgres.uri",
        "postgres.pool-size = 0            | pool-size: 0 (expected: 1..",
        "node-id = ' '                     | node-id",
        "node-id = 'a/b'                   | node-id: a/b (expected: a name unique in the cluster, without",
      })
  void namesTheSettingThatIsWrong(String setting, String message) {
    assertThatThrownBy(() -> read(setting.replace('\'', '"'))).hasMessageContaining(message);
  }

  @Test
  void aPropertyOfKafkaIsReadFromTheFileThatIsNamed(@TempDir Path directory) throws IOException {
    Path login = Files.writeString(directory.resolve("login"), "a login\n");
    assertThat(
            read("kafka { properties { sasl.jaas.config = other, sasl.mechanism = PLAIN },"
                    + " property-files { sasl.jaas.config = \""
                    + login
                    + "\", ssl.key.password = \"\" } }")
                .kafka()
                .properties())
        .containsEntry("sasl.jaas.config", "a login")
        .containsEntry("sasl.mechanism", "PLAIN")
        .doesNotContainKey("ssl.key.password");
  }

  @Test
  void passesKafkaPropertiesThroughButForWhatTheGuaranteesRestOn() {
    KafkaConfig kafka =
        read("""
                kafka.properties {
                  security.protocol = SASL_SSL
                  "max.poll.records" = 7
                  isolation.level = read_uncommitted
                  enable.auto.commit = true
                  enable.idempotence = false
                  transactional.id = mine
                  client.id = ours
                }
                """)
            .kafka();
    assertThat(kafka.clientProperties()).containsEntry("security.protocol", "SASL_SSL");
    assertThat(kafka.consumerProperties())
        .containsEntry(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "7")
        .containsEntry(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed")
        .containsEntry(ConsumerConfig.CLIENT_ID_CONFIG, "node-1-consumer")
        .containsEntry(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    assertThat(kafka.producerProperties(0))
        .containsEntry(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true)
        .containsEntry(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "spendwatch/node-1");
    assertThat(kafka.producerProperties(2))
        .containsEntry(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "spendwatch/node-1/2/");
  }

  @Test
  void leavesToTheNewerGroupProtocolWhatIsTheBrokersToDecide() {
    assertThat(read("kafka.properties { group.protocol = consumer }").kafka().consumerProperties())
        .doesNotContainKeys(
            ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG,
            ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG,
            ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG);
  }

  /** Some have neither lz4 nor snappy nor zstd. */
  @Test
  void alertsCanBeReadByEveryClientUnlessSomebodyWantsOtherwise() {
    assertThat(read("").kafka().producerProperties(0))
        .containsEntry(ProducerConfig.COMPRESSION_TYPE_CONFIG, "none");
    assertThat(read("kafka.properties { compression.type = gzip }").kafka().producerProperties(0))
        .containsEntry(ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip");
  }

  @Test
  void showsNoPassword() {
    assertThat(
            read("""
                    postgres { uri = "postgresql://watcher:secret@db:5433/spend", password = "other" }
                    """)
                .toString())
        .contains("db:5433/spend")
        .doesNotContain("secret", "other", "watcher");
  }

  private static StreamsConfig read(String settings) {
    return StreamsConfig.from(
        ConfigFactory.parseString("spendwatch {\n" + settings + "\n}")
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
  }

  @Test
  void knowsTheProducersOfItsOwnGroupFromThoseOfOthers() {
    KafkaConfig kafka = read("kafka.group-id = fraud/eu").kafka();
    assertThat(kafka.nodeOf(kafka.transactionalId("node-7"))).contains("node-7");
    assertThat(kafka.nodeOf(kafka.transactionalId("node-7", 0))).contains("node-7");
    assertThat(kafka.nodeOf(kafka.transactionalId("node-7", 12))).contains("node-7");
    assertThat(kafka.nodeOf(kafka.salesMetricsTransactionalId())).isEmpty();
    assertThat(kafka.nodeOf("fraud/eu/more/node-7")).isEmpty();
    assertThat(kafka.nodeOf("fraud/eu/more/node-7/1/")).isEmpty();
    assertThat(kafka.nodeOf("fraud/eu/1/")).isEmpty();
    assertThat(kafka.nodeOf("fraud/eu/")).isEmpty();
    assertThat(kafka.nodeOf("fraud/node-7")).isEmpty();
    assertThat(kafka.nodeOf("fraud/eu-node-7")).isEmpty();
  }
}
