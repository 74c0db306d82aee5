package io.spendwatch.ops.config;

import static io.spendwatch.streams.base.ConfigSection.check;
import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * What actors keep in memory, and for how long they are waited for: {@code spendwatch.actors}.
 *
 * @param awakeUsersMax users in memory
 * @param awakeMemoryMax what they may take, as a size or a part of the heap
 * @param restoreUsersMax of a partition, read at once without a transaction of theirs
 * @param changedAccountsMax users of a partition, remembered by name between two batches
 * @param watchedUsersMax users of a partition, held because time alone will have them looked at
 * @param balanceVersionsMax of a user, in memory
 * @param clearGrace by how much stream time must have passed the end of an episode
 * @param windowQueriesMax questions of a partition that may wait
 * @param windowQueryTimeout for an answer
 * @param allocationTimeout for reading where a shard belongs
 * @param gatherInterval between two looks for shards that are elsewhere
 */
public record ActorsConfig(
    int awakeUsersMax,
    String awakeMemoryMax,
    int restoreUsersMax,
    int changedAccountsMax,
    int watchedUsersMax,
    int balanceVersionsMax,
    Duration clearGrace,
    int windowQueriesMax,
    Duration windowQueryTimeout,
    Duration allocationTimeout,
    Duration gatherInterval) {
  private static final String PATH = "spendwatch.actors";

  public ActorsConfig {
    checkRange(PATH + ".awake-users-max", awakeUsersMax, 1, Integer.MAX_VALUE);
    checkRange(PATH + ".restore-users-max", restoreUsersMax, 1, Integer.MAX_VALUE);
    checkRange(PATH + ".changed-accounts-max", changedAccountsMax, 1, Integer.MAX_VALUE);
    checkRange(PATH + ".watched-users-max", watchedUsersMax, 2, Integer.MAX_VALUE);
    checkRange(PATH + ".balance-versions-max", balanceVersionsMax, 1, Integer.MAX_VALUE);
    check(!clearGrace.isNegative(), PATH + ".clear-grace", clearGrace, "at least 0");
    checkRange(PATH + ".window-queries-max", windowQueriesMax, 1, Integer.MAX_VALUE);
    checkPositive(PATH + ".window-query-timeout", windowQueryTimeout);
    checkPositive(PATH + ".allocation-timeout", allocationTimeout);
    checkPositive(PATH + ".gather-interval", gatherInterval);
  }

  /** Reads {@code spendwatch.actors}. */
  public static ActorsConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    var config =
        new ActorsConfig(
            section.integer("awake-users-max"),
            section.string("awake-memory-max"),
            section.integer("restore-users-max"),
            section.integer("changed-accounts-max"),
            section.integer("watched-users-max"),
            section.integer("balance-versions-max"),
            section.duration("clear-grace"),
            section.integer("window-queries-max"),
            section.duration("window-query-timeout"),
            section.duration("allocation-timeout"),
            section.duration("gather-interval"));
    // What these say is Pekko's to check.
    ConfigSection _ = section.section("partition-dispatcher");
    ConfigSection _ = section.section("user-dispatcher");
    section.rejectUnknown();
    return config;
  }
}
