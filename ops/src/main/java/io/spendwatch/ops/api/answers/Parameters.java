package io.spendwatch.ops.api.answers;

import static org.apache.pekko.http.javadsl.server.Directives.parameterMap;

import io.spendwatch.ops.records.Page;
import io.spendwatch.protocol.EventTime;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The parameters of a request's query. Each method answers null where the parameter is not there,
 * and throws {@link IllegalArgumentException} with its name and what is expected where it is wrong.
 */
public final class Parameters {
  /** Ids have 64 characters at most, merchants 256. */
  private static final int TEXT_MAX = 256;

  private static final Pattern DECIMAL = Pattern.compile("-?[0-9]{1,20}(\\.[0-9]{1,6})?");
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m)?");
  private static final Pattern EPOCH_MS = Pattern.compile("-?[0-9]{1,15}");
  private static final long FIRST_MS = Instant.parse("0001-01-01T00:00:00Z").toEpochMilli();
  private static final long LAST_MS = Instant.parse("9999-12-31T23:59:59.999Z").toEpochMilli();

  private final Map<String, String> given;

  /** Of a query, by name. */
  public Parameters(Map<String, String> given) {
    this.given = given;
  }

  /** Goes on with a request's parameters; 400 where what goes on finds one of them wrong. */
  public static Route with(Function<Parameters, Route> next) {
    return parameterMap(given -> checked(() -> next.apply(new Parameters(given))));
  }

  /** What this answers; 400 where it finds something wrong. */
  public static Route checked(java.util.function.Supplier<Route> next) {
    try {
      return next.get();
    } catch (IllegalArgumentException e) {
      return Answers.problem(StatusCodes.BAD_REQUEST, Answers.reasonOf(e));
    }
  }

  /** A text of 1 to 256 characters. */
  public String text(String name) {
    String text = given.get(name);
    return text == null ? null : text(name, text);
  }

  /**
   * A text that can be looked for.
   *
   * @param name of what it is
   */
  public static String text(String name, String text) {
    if (text.isEmpty() || text.length() > TEXT_MAX || text.indexOf('\0') >= 0) {
      throw wrong(name, "1 to " + TEXT_MAX + " characters");
    }
    return text;
  }

  /** Where a list goes on, as an earlier page has said. */
  public String cursor() {
    return given.get("cursor");
  }

  /** How many a page may have; the default where nobody says. */
  public int limit() {
    return limitOr(Page.LIMIT_DEFAULT, Page.LIMIT_MAX);
  }

  /** The same, with a default and a maximum of the caller's. */
  public int limitOr(int otherwise, int max) {
    String text = given.get("limit");
    if (text == null) {
      return otherwise;
    }
    int limit = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > max) {
      throw wrong("limit", "1 to " + max);
    }
    return limit;
  }

  /** ISO 8601 with an offset, or milliseconds since the epoch. */
  public Instant instant(String name) {
    String text = given.get(name);
    if (text == null) {
      return null;
    }
    try {
      long ms = EPOCH_MS.matcher(text).matches() ? Long.parseLong(text) : EventTime.parseMs(text);
      if (ms >= FIRST_MS && ms <= LAST_MS) {
        return Instant.ofEpochMilli(ms);
      }
    } catch (DateTimeException e) {
      throw wrong(name, "an instant, such as 2024-07-12T15:57:33.120Z");
    }
    throw wrong(name, "an instant, such as 2024-07-12T15:57:33.120Z");
  }

  /**
   * A time such as {@code 5s}, {@code 500ms} or {@code 2m}; 0 needs no unit.
   *
   * @param max of it
   */
  public Duration duration(String name, Duration max) {
    String text = given.get(name);
    if (text == null) {
      return null;
    }
    Matcher parts = DURATION.matcher(text);
    if (parts.matches()) {
      long number = Long.parseLong(parts.group(1));
      Duration duration =
          switch (parts.group(2)) {
            case null -> number == 0 ? Duration.ZERO : null;
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMinutes(number);
          };
      if (duration != null && duration.compareTo(max) <= 0) {
        return duration;
      }
    }
    throw wrong(name, "a duration such as 5s or 500ms, at most " + max.toSeconds() + "s");
  }

  /**
   * Where a list begins and ends.
   *
   * @throws IllegalArgumentException where it ends before it begins
   */
  public void checkOrder(Instant from, Instant to) {
    if (from != null && to != null && from.isAfter(to)) {
      throw wrong("from", "not after to");
    }
  }

  /** {@code true} or {@code false}. */
  public Boolean bool(String name) {
    return switch (given.get(name)) {
      case null -> null;
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(name, "true or false");
    };
  }

  /** At most 20 digits, and 6 behind the point. */
  public BigDecimal decimal(String name) {
    String text = given.get(name);
    if (text == null) {
      return null;
    }
    if (!DECIMAL.matcher(text).matches()) {
      throw wrong(name, "a decimal, such as 12.50");
    }
    return new BigDecimal(text);
  }

  /** A constant of this type, by its name. */
  public <E extends Enum<E>> E oneOf(String name, Class<E> type) {
    String text = given.get(name);
    if (text == null) {
      return null;
    }
    List<E> all = Arrays.asList(type.getEnumConstants());
    return all.stream()
        .filter(each -> each.name().equals(text))
        .findFirst()
        .orElseThrow(
            () -> wrong(name, all.stream().map(Enum::name).collect(Collectors.joining(", "))));
  }

  private static IllegalArgumentException wrong(String name, String expected) {
    return new IllegalArgumentException(name + ": expected: " + expected);
  }
}
