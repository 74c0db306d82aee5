package io.spendwatch.ops.salesmetrics;

import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * How sales metrics are published: {@code spendwatch.sales-metrics}.
 *
 * @param isEnabled whether this node publishes them, when it is its turn
 * @param interval between two looks for what has changed: as far apart, at least, are two records
 *     of the same minute and merchant
 * @param busyMax for how long a look goes on while there is more to do
 * @param recordsAtOnce of one Kafka transaction
 * @param lease for how long a node has the turn without coming back: so long nothing is published
 *     after it has died
 */
public record SalesMetricsConfig(
    boolean isEnabled, Duration interval, Duration busyMax, int recordsAtOnce, Duration lease) {
  private static final String PATH = "spendwatch.sales-metrics";

  public SalesMetricsConfig {
    checkPositive(PATH + ".interval", interval);
    checkPositive(PATH + ".busy-max", busyMax);
    checkRange(PATH + ".records-at-once", recordsAtOnce, 1, 100_000);
    ConfigSection.check(
        lease.compareTo(interval.multipliedBy(2)) >= 0,
        PATH + ".lease",
        lease,
        ">= twice the interval " + interval);
  }

  /** Reads {@code spendwatch.sales-metrics}. */
  public static SalesMetricsConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    SalesMetricsConfig config =
        new SalesMetricsConfig(
            section.flag("enabled"),
            section.duration("interval"),
            section.duration("busy-max"),
            section.integer("records-at-once"),
            section.duration("lease"));
    section.rejectUnknown();
    return config;
  }
}
