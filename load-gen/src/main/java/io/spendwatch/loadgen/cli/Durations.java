package io.spendwatch.loadgen.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;
import picocli.CommandLine.TypeConversionException;

/** How durations are written on the command line. */
final class Durations {
  private Durations() {}

  /**
   * Reads {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}, {@code 3d} or ISO 8601 ({@code
   * PT30S}).
   *
   * @throws TypeConversionException if it is no such text, or negative
   */
  static Duration parse(String text) {
    try {
      String lower = text.toLowerCase(Locale.ROOT);
      Duration duration =
          switch (lower) {
            case String iso when iso.startsWith("p") -> Duration.parse(iso);
            case String millis when millis.endsWith("ms") ->
                Duration.ofMillis(Long.parseLong(millis.substring(0, millis.length() - 2)));
            case String days when days.endsWith("d") -> Duration.parse("p" + days);
            default -> Duration.parse("pt" + lower);
          };
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (DateTimeException | NumberFormatException e) {
      // Said below.
    }
    throw new TypeConversionException(
        text + " (expected: a duration such as 500ms, 30s, 5m or 24h)");
  }
}
