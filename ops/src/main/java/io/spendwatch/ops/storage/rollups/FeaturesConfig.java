package io.spendwatch.ops.storage.rollups;

import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * How users' features are computed: {@code spendwatch.rollups.features}.
 *
 * @param interval between two looks whether those of a new day are due
 * @param settle for how much of event time the last transactions of the day before are waited for
 * @param usersAtOnce accounts of a step: it bounds a step's transaction
 * @param daysKept how many days' features are kept
 */
public record FeaturesConfig(Duration interval, Duration settle, int usersAtOnce, int daysKept) {
  private static final String PATH = "spendwatch.rollups.features";

  public FeaturesConfig {
    checkPositive(PATH + ".interval", interval);
    checkPositive(PATH + ".settle", settle);
    checkRange(PATH + ".users-at-once", usersAtOnce, 1, 10_000_000);
    // The last complete ones are read while the next are computed.
    checkRange(PATH + ".days-kept", daysKept, 2, 10_000);
  }

  static FeaturesConfig from(ConfigSection section) {
    FeaturesConfig config =
        new FeaturesConfig(
            section.duration("interval"),
            section.duration("settle"),
            section.integer("users-at-once"),
            section.integer("days-kept"));
    section.rejectUnknown();
    return config;
  }
}
