package io.spendwatch.streams.publish;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * How partitions publish: part of {@code spendwatch.pipeline}.
 *
 * @param publishers threads with a transactional producer each that the partitions share
 * @param offsetCommitInterval how long an offset without alerts waits for others to be committed
 *     with
 * @param topicPatience how long the publications of others wait for a topic that does not take its
 *     records
 * @param aheadPatience how long a Kafka transaction that was begun ahead is open for a row that is
 *     not durable yet; zero where none is to be begun ahead
 * @param retry pauses between tries
 */
public record PublishConfig(
    int publishers,
    Duration offsetCommitInterval,
    Duration topicPatience,
    Duration aheadPatience,
    BackOff retry) {

  /** All that subscribers do not see meanwhile, of all nodes. */
  private static final Duration AHEAD_PATIENCE_LIMIT = Duration.ofSeconds(5);

  public PublishConfig {
    checkRange("spendwatch.pipeline.publishers", publishers, 1, 16);
    checkPositive("spendwatch.pipeline.offset-commit-interval", offsetCommitInterval);
    checkPositive("spendwatch.pipeline.topic-patience", topicPatience);
    check(
        !aheadPatience.isNegative() && aheadPatience.compareTo(AHEAD_PATIENCE_LIMIT) <= 0,
        "spendwatch.pipeline.ahead-patience",
        aheadPatience,
        "at most " + AHEAD_PATIENCE_LIMIT.toSeconds() + " s");
  }

  /**
   * Reads its part of {@code spendwatch.pipeline}.
   *
   * @param section {@code spendwatch.pipeline}, which whoever reads the rest of it checks for
   *     unknown keys
   */
  public static PublishConfig from(ConfigSection section, BackOff retry) {
    return new PublishConfig(
        section.integer("publishers"),
        section.duration("offset-commit-interval"),
        section.duration("topic-patience"),
        section.duration("ahead-patience"),
        retry);
  }
}
