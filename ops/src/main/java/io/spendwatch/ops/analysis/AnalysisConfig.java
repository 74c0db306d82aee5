package io.spendwatch.ops.analysis;

import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * What a question may take: {@code spendwatch.analysis}.
 *
 * @param timeout after which the server cancels a statement of it: for so long it may hold a
 *     snapshot
 * @param costMax a free query's estimated cost at most, in the planner's units
 * @param rowsMax rows that a free query is answered with at most
 * @param bytesMax characters that these may have, about
 */
public record AnalysisConfig(Duration timeout, long costMax, int rowsMax, int bytesMax) {
  private static final String PATH = "spendwatch.analysis";

  public AnalysisConfig {
    checkPositive(PATH + ".timeout", timeout);
    checkRange(PATH + ".rows-max", rowsMax, 1, 1_000_000);
    checkRange(PATH + ".bytes-max", bytesMax, 1000, 1_000_000_000);
    if (costMax < 1) {
      throw new IllegalArgumentException(
          PATH + ".cost-max: " + costMax + " (expected: at least 1)");
    }
  }

  /** Reads {@code spendwatch.analysis}. */
  public static AnalysisConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    AnalysisConfig config =
        new AnalysisConfig(
            section.duration("timeout"),
            section.integer("cost-max"),
            section.integer("rows-max"),
            section.integer("bytes-max"));
    section.rejectUnknown();
    return config;
  }
}
