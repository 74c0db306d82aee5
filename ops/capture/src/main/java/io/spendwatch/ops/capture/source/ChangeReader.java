package io.spendwatch.ops.capture.source;

import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.streams.capture.change.Change;
import io.spendwatch.streams.capture.change.Change.Deleted;
import io.spendwatch.streams.capture.change.Change.Inserted;
import io.spendwatch.streams.capture.change.Change.Snapshotted;
import io.spendwatch.streams.capture.change.Change.Truncated;
import io.spendwatch.streams.capture.change.Change.Updated;
import io.spendwatch.streams.capture.change.LogPosition;
import io.spendwatch.streams.capture.change.Row;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/** Reads Debezium's records: what has happened to which row, with values as they are. Stateless. */
public final class ChangeReader {
  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final BusinessDatabase database;

  public ChangeReader(BusinessDatabase database) {
    this.database = database;
  }

  /** What each operation on a row, or on all of a table, is called. */
  private static final Set<String> OPERATIONS = Set.of("r", "c", "u", "d", "t");

  /** Whether a record is about a row, or all rows; a heartbeat is not. */
  public static boolean isChange(SourceRecord record) {
    return record.value() instanceof Struct envelope
        && envelope.schema().field("op") != null
        && envelope.schema().field("source") != null
        && OPERATIONS.contains(envelope.getString("op"));
  }

  /** Empty for a record that is about no row, such as a heartbeat. */
  public Optional<Change> change(SourceRecord record) {
    if (!isChange(record)) {
      return Optional.empty();
    }
    Struct envelope = (Struct) record.value();
    Struct source = envelope.getStruct("source");
    String table = database.table(source);
    LogPosition at = database.position(source);
    return switch (envelope.getString("op")) {
      case "r" -> Optional.of(new Snapshotted(table, row(envelope.getStruct("after")), at));
      case "c" -> Optional.of(new Inserted(table, row(envelope.getStruct("after")), at));
      case "u" ->
          Optional.of(
              new Updated(
                  table,
                  Optional.ofNullable(envelope.getStruct("before")).map(ChangeReader::row),
                  row(envelope.getStruct("after")),
                  at));
      case "d" -> Optional.of(new Deleted(table, row(envelope.getStruct("before")), at));
      case "t" -> Optional.of(new Truncated(table, at));
      default -> Optional.empty();
    };
  }

  private static Row row(Struct struct) {
    Map<String, Object> columns = new LinkedHashMap<>();
    for (Field field : struct.schema().fields()) {
      columns.put(field.name(), value(field.schema(), struct.getWithoutDefault(field.name())));
    }
    return new Row(columns);
  }

  /** A value as a {@link Row} has it. What is of an unknown type is text. */
  private static Object value(Schema schema, Object value) {
    return switch (value) {
      case null -> null;
      case Byte number -> number.longValue();
      case Short number -> number.longValue();
      case Integer number -> ofNumber(schema, number);
      case Long number -> ofNumber(schema, number);
      case Float number -> number.doubleValue();
      case Double number -> number;
      case BigDecimal decimal -> decimal;
      case Boolean truth -> truth;
      case String text -> ofText(schema, text);
      case ByteBuffer bytes -> HexFormat.of().formatHex(copy(bytes));
      case byte[] bytes -> HexFormat.of().formatHex(bytes);
      case Struct struct -> ofStruct(struct);
      default -> value.toString();
    };
  }

  private static Object ofNumber(Schema schema, Number number) {
    long value = number.longValue();
    return switch (String.valueOf(schema.name())) {
      case "io.debezium.time.Date" -> LocalDate.ofEpochDay(value);
      case "io.debezium.time.Time" -> time(value, 1000);
      case "io.debezium.time.MicroTime" -> time(value, MICROS_PER_SECOND);
      case "io.debezium.time.NanoTime" -> time(value, NANOS_PER_SECOND);
      case "io.debezium.time.Timestamp" -> dateTime(value, 1000);
      case "io.debezium.time.MicroTimestamp" -> dateTime(value, MICROS_PER_SECOND);
      case "io.debezium.time.NanoTimestamp" -> dateTime(value, NANOS_PER_SECOND);
      default -> value;
    };
  }

  private static LocalDateTime dateTime(long value, long perSecond) {
    return LocalDateTime.ofEpochSecond(
        Math.floorDiv(value, perSecond), nanos(value, perSecond), ZoneOffset.UTC);
  }

  /** MariaDB's TIME is a span and may be longer than a day, or negative: then it is a text. */
  private static Object time(long value, long perSecond) {
    long second = Math.floorDiv(value, perSecond);
    return second < 0 || second >= 24 * 60 * 60
        ? second + " s"
        : LocalTime.ofSecondOfDay(second).withNano(nanos(value, perSecond));
  }

  private static int nanos(long value, long perSecond) {
    return Math.toIntExact(Math.floorMod(value, perSecond) * (NANOS_PER_SECOND / perSecond));
  }

  private static Object ofText(Schema schema, String text) {
    if (text.equals(SourceTable.NOT_SENT)) {
      return Row.NotSent.NOT_SENT;
    }
    if ("io.debezium.time.ZonedTimestamp".equals(schema.name())) {
      try {
        return OffsetDateTime.parse(text).toInstant();
      } catch (DateTimeException e) {
        // Infinity, or a year of five digits: no point in time that anybody has bought at.
        return text;
      }
    }
    return text;
  }

  private static Object ofStruct(Struct struct) {
    if ("io.debezium.data.VariableScaleDecimal".equals(struct.schema().name())) {
      return new BigDecimal(new BigInteger(bytes(struct.get("value"))), struct.getInt32("scale"));
    }
    return struct.toString();
  }

  private static byte[] bytes(Object value) {
    return value instanceof ByteBuffer buffer ? copy(buffer) : (byte[]) value;
  }

  private static byte[] copy(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
