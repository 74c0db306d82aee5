package io.spendwatch.ops.cli;

import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.Map;
import picocli.CommandLine.TypeConversionException;

/** Durations on the command line. Stateless. */
public final class Durations {
  private Durations() {}

  /**
   * As in the settings: 500ms, 30s, 5m, 24h. A number alone could be anything.
   *
   * @throws TypeConversionException if it is no such text
   */
  public static Duration parse(String text) {
    try {
      if (Character.isLetter(text.charAt(text.length() - 1))) {
        return ConfigFactory.parseMap(Map.of("duration", text)).getDuration("duration");
      }
    } catch (ConfigException | IndexOutOfBoundsException e) {
      throw new TypeConversionException(text + " (expected: a duration such as 500ms, 30s or 5m)");
    }
    throw new TypeConversionException(text + " (expected: a duration such as 500ms, 30s or 5m)");
  }
}
