package io.spendwatch.ops.storage.archive;

import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;
import java.util.Optional;

/**
 * What a node does for the archive by itself: {@code spendwatch.archive.rounds}.
 *
 * @param every from the begin of a round to that of the next; empty: never
 * @param lease for how long a node that does not renew its turn keeps it
 * @param retry how long a step that has failed, or waits, rests before it is tried again
 */
public record RoundsConfig(Optional<Duration> every, Duration lease, BackOff retry) {
  private static final String PATH = "spendwatch.archive.rounds";
  private static final String OFF = "off";
  private static final Duration LEASE_MIN = Duration.ofSeconds(1);

  public RoundsConfig {
    every.ifPresent(interval -> ConfigSection.checkPositive(PATH + ".every", interval));
    ConfigSection.check(
        lease.compareTo(LEASE_MIN) >= 0, PATH + ".lease", lease, "at least " + LEASE_MIN);
  }

  static RoundsConfig from(ConfigSection section) {
    var config =
        new RoundsConfig(
            section.string("every").equals(OFF)
                ? Optional.empty()
                : Optional.of(section.duration("every")),
            section.duration("lease"),
            BackOff.from(section.section("retry")));
    section.rejectUnknown();
    return config;
  }
}
