package io.spendwatch.protocol;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.Month;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.chrono.IsoChronology;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.ResolverStyle;
import java.util.Locale;

/**
 * Instants as the topics write them: ISO 8601 text and milliseconds since the epoch, UTC. Stateless
 * and safe for use by many threads.
 */
public final class EventTime {

  private static final DateTimeFormatter OFFSET_WITH_COLON = isoWithOffset("+HH:mm");
  private static final DateTimeFormatter OFFSET_WITHOUT_COLON = isoWithOffset("+HHmm");

  private static final DateTimeFormatter MILLIS_UTC =
      new DateTimeFormatterBuilder().appendInstant(3).toFormatter(Locale.ROOT);

  private static final int SECONDS_FORM = "yyyy-MM-ddTHH:mm:ssZ".length();
  private static final int MILLIS_FORM = "yyyy-MM-ddTHH:mm:ss.SSSZ".length();

  private EventTime() {}

  /**
   * Reads an ISO 8601 date and time with an offset ({@code Z}, {@code +02}, {@code +0200} or {@code
   * +02:00}); digits below the millisecond are cut off towards the past.
   *
   * @return milliseconds since the epoch, UTC
   * @throws DateTimeException if the text is not of that form or does not fit
   */
  public static long parseMs(String iso) {
    long commonFormMs = parseCommonForm(iso);
    if (commonFormMs >= 0) {
      return commonFormMs;
    }
    int sign = Math.max(iso.lastIndexOf('+'), iso.lastIndexOf('-'));
    DateTimeFormatter formatter =
        iso.lastIndexOf(':') > sign ? OFFSET_WITH_COLON : OFFSET_WITHOUT_COLON;
    Instant instant = OffsetDateTime.parse(iso, formatter).toInstant();
    try {
      return instant.toEpochMilli();
    } catch (ArithmeticException e) {
      throw new DateTimeException("too far from 1970", e);
    }
  }

  /**
   * Writes {@code yyyy-MM-ddTHH:mm:ss.SSSZ}, always with three decimals.
   *
   * @throws DateTimeException for an instant outside of the years that ISO 8601 text can hold
   */
  public static String format(long epochMs) {
    return MILLIS_UTC.format(Instant.ofEpochMilli(epochMs));
  }

  /**
   * Reads {@code yyyy-MM-ddTHH:mm:ss[.SSS]Z} from 1970 on, which nearly every record has, at a
   * fraction of the formatter's cost.
   *
   * @return milliseconds since the epoch; -1 for whatever the formatter should look at instead
   */
  private static long parseCommonForm(String iso) {
    int length = iso.length();
    if ((length != SECONDS_FORM && length != MILLIS_FORM)
        || iso.charAt(4) != '-'
        || iso.charAt(7) != '-'
        || iso.charAt(10) != 'T'
        || iso.charAt(13) != ':'
        || iso.charAt(16) != ':'
        || iso.charAt(length - 1) != 'Z'
        || (length == MILLIS_FORM && iso.charAt(19) != '.')) {
      return -1;
    }
    int year = number(iso, 0, 4);
    int month = number(iso, 5, 7);
    int day = number(iso, 8, 10);
    int hour = number(iso, 11, 13);
    int minute = number(iso, 14, 16);
    int second = number(iso, 17, 19);
    int milli = length == MILLIS_FORM ? number(iso, 20, 23) : 0;
    if (year < 1970
        || month < 1
        || month > 12
        || day < 1
        || day > Month.of(month).length(Year.isLeap(year))
        || hour < 0
        || hour > 23
        || minute < 0
        || minute > 59
        || second < 0
        || second > 59
        || milli < 0) {
      return -1;
    }
    long epochDay = LocalDate.of(year, month, day).toEpochDay();
    return (((epochDay * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli;
  }

  private static DateTimeFormatter isoWithOffset(String pattern) {
    return new DateTimeFormatterBuilder()
        .parseCaseInsensitive()
        .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME)
        .parseLenient()
        .appendOffset(pattern, "Z")
        .toFormatter(Locale.ROOT)
        .withResolverStyle(ResolverStyle.STRICT)
        .withChronology(IsoChronology.INSTANCE);
  }

  /** The digits in [from, to) as a number; -1 if they are not all digits. */
  private static int number(String text, int from, int to) {
    int number = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
    }
    return number;
  }
}
