package io.spendwatch.ops.storage.rollups;

import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.database.PostgresConfig;
import java.time.Duration;

/**
 * How roll-ups are kept: {@code spendwatch.rollups}.
 *
 * @param interval between two looks for new rows
 * @param rowsAtOnce how many transactions a step adds, about: it bounds a step's transaction
 * @param busyMax for how long a look goes on while there is more to do
 * @param busyPercent which part of the time a node may be at it, percent
 * @param behindAfter the lag of a partition from which on the node has a backlog
 * @param busyPercentBehind which part of the time it may be at it while it has one: what a backlog
 *     takes from whoever writes it
 * @param features how users' features are computed from them
 * @param postgres how PostgreSQL is reached for it
 */
public record RollupsConfig(
    Duration interval,
    int rowsAtOnce,
    Duration busyMax,
    int busyPercent,
    Duration behindAfter,
    int busyPercentBehind,
    FeaturesConfig features,
    PostgresConfig postgres) {
  private static final String PATH = "spendwatch.rollups";

  public RollupsConfig {
    checkPositive(PATH + ".interval", interval);
    checkRange(PATH + ".rows-at-once", rowsAtOnce, 1, 10_000_000);
    checkPositive(PATH + ".busy-max", busyMax);
    checkRange(PATH + ".busy-percent", busyPercent, 1, 100);
    checkPositive(PATH + ".behind-after", behindAfter);
    checkRange(PATH + ".busy-percent-behind", busyPercentBehind, 1, 100);
  }

  /** Reads {@code spendwatch.rollups}; what its connections do not say is the hot path's. */
  public static RollupsConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    RollupsConfig config =
        new RollupsConfig(
            section.duration("interval"),
            section.integer("rows-at-once"),
            section.duration("busy-max"),
            section.integer("busy-percent"),
            section.duration("behind-after"),
            section.integer("busy-percent-behind"),
            FeaturesConfig.from(section.section("features")),
            PostgresConfig.from(ConfigSection.of(root, PATH + ".postgres", "spendwatch.postgres")));
    ConfigSection _ = section.section("postgres");
    section.rejectUnknown();
    return config;
  }

  /**
   * How long after a look that took so long nothing is done. One that has built a roll-up took
   * hours, it may be: what has come meanwhile is not to wait for twice as many.
   */
  Duration restAfter(Duration took, boolean isBehind) {
    int percent = isBehind ? Math.min(busyPercentBehind, busyPercent) : busyPercent;
    Duration counted = took.compareTo(busyMax) > 0 ? busyMax : took;
    return counted.multipliedBy(100L - percent).dividedBy(percent);
  }
}
