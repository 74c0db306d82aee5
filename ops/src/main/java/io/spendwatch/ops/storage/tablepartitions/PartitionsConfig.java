package io.spendwatch.ops.storage.tablepartitions;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.database.PostgresConfig;
import java.time.Duration;
import java.util.Optional;

/**
 * How partitions are kept: {@code spendwatch.partitions}.
 *
 * @param interval between two looks
 * @param retention how long partitions are kept, from the end of their time on; empty: for ever
 * @param merging of old days into months
 * @param postgres connections for what only the tables' owner may; used with a retention only
 */
public record PartitionsConfig(
    Duration interval, Optional<Duration> retention, Merging merging, PostgresConfig postgres) {
  private static final String PATH = "spendwatch.partitions";
  private static final String FOR_EVER = "forever";

  /**
   * A window of 24 h, looked at again for 48 h from the latest transaction, must not lose its past
   * while anybody still looks.
   */
  private static final Duration RETENTION_MIN = Duration.ofDays(3);

  /**
   * How hard old days are merged.
   *
   * @param interval between two times
   * @param busyMax after which a time ends, done or not
   * @param stepBlocks of 8 KiB that are copied at once; who writes to that day waits meanwhile
   */
  public record Merging(Duration interval, Duration busyMax, int stepBlocks) {
    private static final int STEP_BLOCKS_MAX = 65_536;

    public Merging {
      ConfigSection.checkPositive(PATH + ".merge-interval", interval);
      ConfigSection.checkPositive(PATH + ".merge-busy-max", busyMax);
      ConfigSection.check(
          stepBlocks >= 1 && stepBlocks <= STEP_BLOCKS_MAX,
          PATH + ".merge-step-blocks",
          stepBlocks,
          "1 to " + STEP_BLOCKS_MAX);
    }
  }

  public PartitionsConfig {
    ConfigSection.checkPositive(PATH + ".interval", interval);
    retention.ifPresent(
        kept ->
            ConfigSection.check(
                kept.compareTo(RETENTION_MIN) >= 0,
                PATH + ".retention",
                kept,
                "at least " + RETENTION_MIN + ", or " + FOR_EVER));
    ConfigSection.check(
        postgres.poolSize() == 1, PATH + ".postgres.pool-size", postgres.poolSize(), "1");
  }

  /**
   * Reads {@code spendwatch.partitions}; how PostgreSQL is reached is the hot path's, if not said.
   */
  public static PartitionsConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    var config =
        new PartitionsConfig(
            section.duration("interval"),
            section.string("retention").equals(FOR_EVER)
                ? Optional.empty()
                : Optional.of(section.duration("retention")),
            new Merging(
                section.duration("merge-interval"),
                section.duration("merge-busy-max"),
                section.integer("merge-step-blocks")),
            PostgresConfig.from(
                ConfigSection.of(root, section.section("postgres").path(), "spendwatch.postgres")));
    section.rejectUnknown();
    return config;
  }
}
