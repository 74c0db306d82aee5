package io.spendwatch.loadgen;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;

/** How durations are written on the command line. */
final class Durations {
  private Durations() {}

  /**
   * Reads {@code 500ms}, {@code 30s}, {@code 5m}, {@code 2h}, {@code 3d} or ISO 8601 ({@code
   * PT30S}).
   *
   * @throws IllegalArgumentException if it is no such text, or negative
   */
  static Duration parse(String text) {
    try {
      Duration duration = parsed(text.toLowerCase(Locale.ROOT));
      if (!duration.isNegative()) {
        return duration;
      }
    } catch (DateTimeException | ArithmeticException e) {
      throw notADuration(text, e);
    }
    throw notADuration(text, null);
  }

  private static Duration parsed(String text) {
    if (text.startsWith("p")) {
      return Duration.parse(text);
    }
    return text.endsWith("ms")
        ? Duration.parse("pt0s").plusMillis(number(text, 2))
        : text.endsWith("d") ? Duration.parse("p" + text) : Duration.parse("pt" + text);
  }

  private static long number(String text, int unitLength) {
    String digits = text.substring(0, text.length() - unitLength);
    try {
      return Long.parseLong(digits);
    } catch (NumberFormatException e) {
      throw new DateTimeException(digits, e);
    }
  }

  private static IllegalArgumentException notADuration(String text, Throwable cause) {
    return new IllegalArgumentException(
        text + " (expected: a duration such as 500ms, 30s, 5m or 24h)", cause);
  }
}
