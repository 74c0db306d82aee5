package io.spendwatch.streams.pipeline;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.database.PostgresConfig;
import io.spendwatch.streams.kafka.KafkaConfig;

/**
 * All settings of this module.
 *
 * @param postgres connections of the hot path, without those that write the ledger
 * @param writes those that write the ledger
 */
public record StreamsConfig(
    KafkaConfig kafka, PostgresConfig postgres, PostgresConfig writes, PipelineConfig pipeline) {

  /**
   * Reads {@code spendwatch.kafka}, {@code spendwatch.postgres}, {@code spendwatch.postgres-writes}
   * and {@code spendwatch.pipeline}.
   *
   * @throws IllegalArgumentException or {@link com.typesafe.config.ConfigException} naming the
   *     setting that is missing, unknown or out of its range
   */
  public static StreamsConfig from(Config root) {
    return new StreamsConfig(
        KafkaConfig.from(
            root.getString("spendwatch.node-id"), ConfigSection.of(root, "spendwatch.kafka")),
        PostgresConfig.from(ConfigSection.of(root, "spendwatch.postgres")),
        PostgresConfig.from(
            ConfigSection.of(root, "spendwatch.postgres-writes", "spendwatch.postgres")),
        PipelineConfig.from(ConfigSection.of(root, "spendwatch.pipeline")));
  }
}
