package io.spendwatch.ops.capture.warehouse;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.ops.capture.config.SourceTable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/**
 * Writes values of Debezium's records as texts that PostgreSQL reads as the very same values.
 * Stateless.
 */
final class WarehouseValues {
  private static final byte[] NOT_SENT = SourceTable.NOT_SENT.getBytes(UTF_8);
  private static final long MICROS_PER_SECOND = 1_000_000;

  /** What stands for PostgreSQL's infinity, which its driver has brought up. */
  private static final long AFTER_ALL_MICROS = 9223372036825200000L;

  private static final long BEFORE_ALL_MICROS = -9223372036832400000L;

  /** 4714 BC to 5874897, as PostgreSQL has dates. */
  private static final long DAY_MIN = -2_440_588;

  private static final long DAY_MAX = 2_145_042_905;

  /** What is left of an infinite date's milliseconds, cut to 32 bits as days. */
  private static final Set<Long> OF_INFINITY = Set.of(622_191_232L, 622_191_233L);

  private WarehouseValues() {}

  /** Whether it stands in place of a large value that the log does not repeat. */
  static boolean isNotSent(Object value) {
    return switch (value) {
      case String text -> text.equals(SourceTable.NOT_SENT);
      case ByteBuffer buffer -> Arrays.equals(copy(buffer), NOT_SENT);
      case byte[] bytes -> Arrays.equals(bytes, NOT_SENT);
      case null, default -> false;
    };
  }

  /**
   * A value's text.
   *
   * @param value not null
   * @throws IllegalArgumentException if there is none: why
   */
  static String text(Schema schema, Object value) {
    return switch (value) {
      case Byte number -> integer(schema, number);
      case Short number -> integer(schema, number);
      case Integer number -> integer(schema, number);
      case Long number -> integer(schema, number);
      case Float number -> number.toString();
      case Double number -> number.toString();
      case BigDecimal number -> number.toPlainString();
      case Boolean truth -> truth.toString();
      case String text -> ofText(schema, text);
      case ByteBuffer buffer -> ofBytes(schema, copy(buffer));
      case byte[] bytes -> ofBytes(schema, bytes);
      case Struct struct -> decimal(struct).toPlainString();
      default -> throw new IllegalArgumentException("is of type " + value.getClass().getName());
    };
  }

  /** An exact number's digits after the point; empty for anything else. */
  static Optional<Integer> scale(Object value) {
    BigDecimal number =
        switch (value) {
          case BigDecimal decimal -> decimal;
          case Struct struct -> decimal(struct);
          case null, default -> BigDecimal.ZERO;
        };
    return number.signum() == 0
        ? Optional.empty()
        : Optional.of(number.stripTrailingZeros().scale());
  }

  private static String integer(Schema schema, Number number) {
    long value = number.longValue();
    return switch (String.valueOf(schema.name())) {
      case "io.debezium.time.Date" -> date(value);
      case "io.debezium.time.Time" -> span(Math.multiplyExact(value, 1000L));
      case "io.debezium.time.MicroTime" -> span(value);
      case "io.debezium.time.NanoTime" -> span(value / 1000);
      case "io.debezium.time.Timestamp" -> local(value, 1000);
      case "io.debezium.time.MicroTimestamp" -> local(value, MICROS_PER_SECOND);
      case "io.debezium.time.NanoTimestamp" -> local(value, 1000 * MICROS_PER_SECOND);
      default -> Long.toString(value);
    };
  }

  /** An infinite one comes as a day that is none. */
  private static String date(long day) {
    if (day < DAY_MIN || day > DAY_MAX || OF_INFINITY.contains(day)) {
      throw new IllegalArgumentException(
          "is infinity, or a date that the log does not tell exactly (day " + day + " after 1970)");
    }
    return date(LocalDate.ofEpochDay(day));
  }

  /** PostgreSQL counts no year 0: before 1 is 1 BC. */
  private static String date(LocalDate date) {
    boolean isBefore = date.getYear() <= 0;
    var text = new StringBuilder(16);
    append(text, isBefore ? 1L - date.getYear() : date.getYear(), 4);
    append(text.append('-'), date.getMonthValue(), 2);
    append(text.append('-'), date.getDayOfMonth(), 2);
    return text.append(isBefore ? " BC" : "").toString();
  }

  private static String local(long value, long perSecond) {
    if (isOf(AFTER_ALL_MICROS, value, perSecond)) {
      return "infinity";
    }
    if (isOf(BEFORE_ALL_MICROS, value, perSecond)) {
      return "-infinity";
    }
    long nanos = Math.floorMod(value, perSecond) * (1000 * MICROS_PER_SECOND / perSecond);
    return dateTime(
        LocalDateTime.ofEpochSecond(
            Math.floorDiv(value, perSecond), Math.toIntExact(nanos), ZoneOffset.UTC),
        "");
  }

  private static boolean isOf(long micros, long value, long perSecond) {
    return perSecond <= MICROS_PER_SECOND && value == micros / (MICROS_PER_SECOND / perSecond);
  }

  private static String dateTime(LocalDateTime time, String zone) {
    String date = date(time.toLocalDate());
    int era = date.indexOf(' ');
    var text = new StringBuilder(40).append(era < 0 ? date : date.substring(0, era));
    append(text.append(' '), time.getHour(), 2);
    append(text.append(':'), time.getMinute(), 2);
    append(text.append(':'), time.getSecond(), 2);
    append(text.append('.'), time.getNano() / 1000, 6);
    return text.append(zone).append(era < 0 ? "" : date.substring(era)).toString();
  }

  /** Also one of a day; 24:00 is one. */
  private static String span(long micros) {
    long all = Math.abs(micros);
    var text = new StringBuilder(20).append(micros < 0 ? "-" : "");
    append(text, all / (3600 * MICROS_PER_SECOND), 2);
    append(text.append(':'), all / (60 * MICROS_PER_SECOND) % 60, 2);
    append(text.append(':'), all / MICROS_PER_SECOND % 60, 2);
    append(text.append('.'), all % MICROS_PER_SECOND, 6);
    return text.toString();
  }

  private static void append(StringBuilder text, long number, int digits) {
    String plain = Long.toString(number);
    text.repeat('0', Math.max(0, digits - plain.length())).append(plain);
  }

  private static String ofText(Schema schema, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "has a character of number 0, which PostgreSQL cannot hold");
    }
    if ("io.debezium.time.ZonedTimestamp".equals(schema.name())
        && !text.isEmpty()
        && (Character.isDigit(text.charAt(text.length() - 1)) || text.endsWith("Z"))) {
      return dateTime(
          OffsetDateTime.parse(text).withOffsetSameInstant(ZoneOffset.UTC).toLocalDateTime(),
          "+00");
    }
    return text;
  }

  private static String ofBytes(Schema schema, byte[] bytes) {
    return "io.debezium.data.Bits".equals(schema.name())
        ? bits(bytes, Integer.parseInt(schema.parameters().get("length")))
        : "\\x" + HexFormat.of().formatHex(bytes);
  }

  /** The least significant byte comes first. */
  private static String bits(byte[] bytes, int length) {
    var text = new StringBuilder(length);
    for (int i = length - 1; i >= 0; i--) {
      boolean isSet = i / 8 < bytes.length && ((bytes[i / 8] >> (i % 8)) & 1) != 0;
      text.append(isSet ? '1' : '0');
    }
    return text.toString();
  }

  private static BigDecimal decimal(Struct struct) {
    if (!"io.debezium.data.VariableScaleDecimal".equals(struct.schema().name())) {
      throw new IllegalArgumentException("is of type " + struct.schema().name());
    }
    Object unscaled = struct.get("value");
    return new BigDecimal(
        new BigInteger(unscaled instanceof ByteBuffer buffer ? copy(buffer) : (byte[]) unscaled),
        struct.getInt32("scale"));
  }

  private static byte[] copy(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
