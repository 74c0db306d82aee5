package io.spendwatch.streams.ledger;

import io.spendwatch.protocol.Money;
import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Values of rows that others than the hot path may have written, each held against what we can work
 * with. All methods throw {@link UnreadableValue}.
 */
final class Columns {
  private static final OffsetDateTime EARLIEST = OffsetDateTime.parse("0001-01-01T00:00:00Z");
  private static final OffsetDateTime LATEST = OffsetDateTime.parse("9999-12-31T23:59:59.999999Z");

  /** 4713 BC to 294276. */
  private static final int SERVERS_FIRST_YEAR = -4712;

  private static final int SERVERS_LAST_YEAR = 294_276;

  private Columns() {}

  /** Milliseconds since the epoch; in years that ISO 8601 has four digits for. */
  static long timeMs(Row row, int index, String column) {
    OffsetDateTime time = row.getOffsetDateTime(index);
    if (time == null || time.isBefore(EARLIEST) || time.isAfter(LATEST)) {
      throw new UnreadableValue(column, shown(time), "a time of the years 1 to 9999");
    }
    return EventTimes.toMs(time);
  }

  /** As {@link #timeMs}; an alternative where there is none. */
  static long timeMs(Row row, int index, String column, long otherwise) {
    return row.getOffsetDateTime(index) == null ? otherwise : timeMs(row, index, column);
  }

  /** A currency whose amounts we can read. */
  static String currency(Row row, int index, String column) {
    String currency = row.getString(index);
    if (currency == null || !Money.isCurrency(currency)) {
      throw new UnreadableValue(column, currency, "an ISO 4217 code");
    }
    return currency;
  }

  /** One of the words of an enum. */
  static <E extends Enum<E>> E word(Class<E> words, Row row, int index, String column) {
    String word = row.getString(index);
    for (E each : words.getEnumConstants()) {
      if (each.name().equals(word)) {
        return each;
      }
    }
    throw new UnreadableValue(column, word, "one of " + String.join(", ", names(words)));
  }

  private static <E extends Enum<E>> Iterable<String> names(Class<E> words) {
    return Arrays.stream(words.getEnumConstants()).map(Enum::name).toList();
  }

  /** What lies beyond the server's own calendar is how the client has its infinities. */
  private static @Nullable String shown(@Nullable OffsetDateTime time) {
    if (time == null) {
      return null;
    }
    if (time.getYear() > SERVERS_LAST_YEAR) {
      return "infinity";
    }
    return time.getYear() < SERVERS_FIRST_YEAR ? "-infinity" : time.toString();
  }
}
