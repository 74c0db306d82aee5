package io.spendwatch.ops.config;

import com.typesafe.config.Config;
import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * When bad records are a flood: {@code spendwatch.dead-letters}.
 *
 * @param interval over which they are counted
 * @param normalMax so many of a topic within it are nothing to speak of
 * @param userNormalMax so many of a user of a topic
 */
public record DeadLettersConfig(Duration interval, int normalMax, int userNormalMax) {
  private static final String PATH = "spendwatch.dead-letters";

  public DeadLettersConfig {
    ConfigSection.checkPositive(PATH + ".interval", interval);
    ConfigSection.checkRange(PATH + ".normal-max", normalMax, 0, Integer.MAX_VALUE);
    ConfigSection.checkRange(PATH + ".user-normal-max", userNormalMax, 0, Integer.MAX_VALUE);
  }

  /** Reads {@code spendwatch.dead-letters}. */
  public static DeadLettersConfig from(Config root) {
    ConfigSection section = ConfigSection.of(root, PATH);
    var config =
        new DeadLettersConfig(
            section.duration("interval"),
            section.integer("normal-max"),
            section.integer("user-normal-max"));
    section.rejectUnknown();
    return config;
  }
}
