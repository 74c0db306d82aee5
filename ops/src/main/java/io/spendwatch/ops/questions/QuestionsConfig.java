package io.spendwatch.ops.questions;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;
import java.util.Set;

/**
 * How many questions may be under way, and for how long: {@code spendwatch.questions}.
 *
 * @param waitingMax of either kind that a node has under way
 * @param partitionWaitingMax of one partition, that wait for what has to be read
 * @param timeout for the node that consumes a user's partition
 * @param checkDeadline for a check that does not say
 * @param checkDeadlineMax what it may say at most
 * @param checkFallback the outcome of a check that could not be decided in time
 */
public record QuestionsConfig(
    int waitingMax,
    int partitionWaitingMax,
    Duration timeout,
    Duration checkDeadline,
    Duration checkDeadlineMax,
    String checkFallback) {
  private static final String PATH = "spendwatch.questions";
  private static final Set<String> FALLBACKS = Set.of("WITHIN", "EXCEEDS", "UNKNOWN");

  public QuestionsConfig {
    checkRange(PATH + ".waiting-max", waitingMax, 1, 100_000);
    checkRange(PATH + ".partition-waiting-max", partitionWaitingMax, 1, 100_000);
    checkPositive(PATH + ".timeout", timeout);
    checkPositive(PATH + ".check.deadline", checkDeadline);
    check(
        checkDeadlineMax.compareTo(checkDeadline) >= 0,
        PATH + ".check.deadline-max",
        checkDeadlineMax,
        ">= deadline " + checkDeadline.toMillis() + " ms");
    check(
        FALLBACKS.contains(checkFallback),
        PATH + ".check.fallback",
        checkFallback,
        "WITHIN, EXCEEDS or UNKNOWN");
  }

  /** Reads {@code spendwatch.questions}. */
  public static QuestionsConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    ConfigSection checks = section.section("check");
    var config =
        new QuestionsConfig(
            section.integer("waiting-max"),
            section.integer("partition-waiting-max"),
            section.duration("timeout"),
            checks.duration("deadline"),
            checks.duration("deadline-max"),
            checks.string("fallback"));
    checks.rejectUnknown();
    section.rejectUnknown();
    return config;
  }
}
