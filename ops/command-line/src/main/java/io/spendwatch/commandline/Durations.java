package io.spendwatch.commandline;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/** Durations on the command line. Stateless. */
public final class Durations {
  private static final Pattern PART =
      Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?)\\s*([a-z]+)\\s*");

  private Durations() {}

  /**
   * As in the settings, {@code 500ms}, {@code 30s}, {@code 5m}, {@code 24 hours}, {@code 3d}; also
   * several of them, {@code 1m30s}, and ISO 8601, {@code PT30S}. A number alone could be anything.
   *
   * @throws TypeConversionException if it is no such text, negative, or more than 292 years
   */
  public static Duration parse(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    try {
      Duration duration = lower.startsWith("p") ? Duration.parse(lower) : sum(lower);
      // Whoever waits counts nanoseconds.
      if (duration.toNanos() >= 0) {
        return duration;
      }
    } catch (DateTimeException | ArithmeticException | IllegalArgumentException e) {
      // Said below.
    }
    throw new TypeConversionException(
        text + " (expected: a duration such as 500ms, 30s, 5m or 24h)");
  }

  private static Duration sum(String text) {
    Matcher part = PART.matcher(text);
    BigDecimal nanos = BigDecimal.ZERO;
    int end = 0;
    while (part.find() && part.start() == end) {
      long unitNanos = unit(part.group(2)).getDuration().toNanos();
      nanos = nanos.add(new BigDecimal(part.group(1)).multiply(BigDecimal.valueOf(unitNanos)));
      end = part.end();
    }
    if (end == 0 || end < text.length()) {
      throw new IllegalArgumentException(text);
    }
    return Duration.ofNanos(nanos.setScale(0, RoundingMode.DOWN).longValueExact());
  }

  /** By the names that the settings have. */
  private static ChronoUnit unit(String name) {
    return switch (name) {
      case "ns", "nano", "nanos", "nanosecond", "nanoseconds" -> ChronoUnit.NANOS;
      case "us", "micro", "micros", "microsecond", "microseconds" -> ChronoUnit.MICROS;
      case "ms", "milli", "millis", "millisecond", "milliseconds" -> ChronoUnit.MILLIS;
      case "s", "second", "seconds" -> ChronoUnit.SECONDS;
      case "m", "minute", "minutes" -> ChronoUnit.MINUTES;
      case "h", "hour", "hours" -> ChronoUnit.HOURS;
      case "d", "day", "days" -> ChronoUnit.DAYS;
      default -> throw new IllegalArgumentException(name);
    };
  }
}
