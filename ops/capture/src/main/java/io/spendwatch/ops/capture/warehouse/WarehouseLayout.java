package io.spendwatch.ops.capture.warehouse;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.WarehouseTable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;

/**
 * Which column of a warehouse each field of a table's records goes into, as the table is at a place
 * of its log. Immutable.
 */
public final class WarehouseLayout {
  private static final int NOT_TAKEN = -1;

  private final String table;
  private final List<Field> fields;
  private final int[] columnOfField;
  private final List<WarehousePlan.Column> columns;

  private WarehouseLayout(
      String table, List<Field> fields, int[] columnOfField, List<WarehousePlan.Column> columns) {
    this.table = table;
    this.fields = fields;
    this.columnOfField = columnOfField;
    this.columns = columns;
  }

  /**
   * Finds the columns.
   *
   * @throws OperatorException if a column has none, or there is none of a name that is asked for:
   *     nothing is passed over
   */
  public static WarehouseLayout of(
      WarehousePlan.Table table, List<WarehousePlan.Column> columns, Schema schema) {
    WarehouseTable settings = table.settings();
    Map<String, String> former = new HashMap<>();
    settings.renamed().forEach((now, then) -> former.put(then, now));
    List<String> names = columns.stream().map(WarehousePlan.Column::name).toList();
    List<Field> fields = schema.fields();
    int[] columnOfField = new int[fields.size()];
    boolean[] isThere = new boolean[columns.size()];
    for (Field field : fields) {
      String name = former.getOrDefault(field.name(), field.name());
      int column = names.indexOf(name);
      columnOfField[field.index()] = NOT_TAKEN;
      if (settings.takes(name)) {
        if (column < 0) {
          throw new OperatorException(
              "table "
                  + settings.source()
                  + " has a column "
                  + name
                  + ", as of this place in its log, which the warehouse does not have. New: add it"
                  + " there (`capture --to warehouse --check` says how). Renamed: rename it there,"
                  + " too, and say renamed { new = old } of the table. Dropped since, or not wanted:"
                  + " without = ["
                  + name
                  + "]");
        }
        requireType(settings, field, columns.get(column));
        columnOfField[field.index()] = column;
        isThere[column] = true;
      }
    }
    for (int i = 0; i < isThere.length; i++) {
      if (!isThere[i]
          && (table.key().contains(names.get(i)) || settings.columns().contains(names.get(i)))) {
        throw new OperatorException(
            "table "
                + settings.source()
                + " has no column "
                + names.get(i)
                + ", as of this place in its log: name the new column in capture.warehouse.tables,"
                + " and what it was called before in renamed { new = old }");
      }
    }
    return new WarehouseLayout(settings.source(), fields, columnOfField, columns);
  }

  /** A text would be cast to another type silently, at the cost of a part of it. */
  private static void requireType(
      WarehouseTable settings, Field field, WarehousePlan.Column column) {
    String type = WarehouseTypes.cast(column.type());
    if (!fits(field.schema(), type)) {
      throw new OperatorException(
          "column "
              + field.name()
              + " of table "
              + settings.source()
              + " is of another type ("
              + Optional.ofNullable(field.schema().name()).orElse(field.schema().type().getName())
              + "), as of this place in its log, than the warehouse has ("
              + column.type()
              + "): change it there, too");
    }
  }

  private static boolean fits(Schema schema, String type) {
    String name = String.valueOf(schema.name());
    boolean isInteger =
        switch (schema.type()) {
          case INT8, INT16, INT32, INT64 -> name.equals("null") || name.endsWith(".Year");
          default -> false;
        };
    return switch (type) {
      case "smallint", "integer", "bigint" -> isInteger;
      case "numeric" ->
          isInteger
              || name.equals("org.apache.kafka.connect.data.Decimal")
              || name.equals("io.debezium.data.VariableScaleDecimal");
      case "real" -> schema.type() == Schema.Type.FLOAT32;
      case "double precision" -> schema.type() == Schema.Type.FLOAT64;
      case "boolean" -> schema.type() == Schema.Type.BOOLEAN;
      case "varbit" -> name.equals("io.debezium.data.Bits");
      case "bytea" -> schema.type() == Schema.Type.BYTES && name.equals("null");
      case "date" -> name.equals("io.debezium.time.Date");
      case "time without time zone" -> isOneOf(name, "Time", "MicroTime", "NanoTime");
      case "interval" -> isOneOf(name, "Time", "MicroTime", "NanoTime", "Interval");
      case "timestamp without time zone" ->
          isOneOf(name, "Timestamp", "MicroTimestamp", "NanoTimestamp");
      case "timestamp with time zone" -> isOneOf(name, "ZonedTimestamp");
      default -> schema.type() == Schema.Type.STRING;
    };
  }

  private static boolean isOneOf(String name, String... times) {
    return Set.of(times).stream()
        .map("io.debezium.time."::concat)
        .collect(Collectors.toSet())
        .contains(name);
  }

  /**
   * A row's values, as texts by the warehouse's columns.
   *
   * @throws OperatorException if one cannot be held exactly
   */
  public Object[] values(Struct row) {
    Object[] values = new Object[columns.size()];
    Arrays.fill(values, WarehouseRows.No.COLUMN);
    for (Field field : fields) {
      int column = columnOfField[field.index()];
      if (column != NOT_TAKEN) {
        values[column] = value(field, row.getWithoutDefault(field.name()), columns.get(column));
      }
    }
    return values;
  }

  private Object value(Field field, Object value, WarehousePlan.Column column) {
    if (value == null) {
      return null;
    }
    if (WarehouseValues.isNotSent(value)) {
      return WarehouseRows.No.CHANGE;
    }
    Optional<Integer> scaleMax = WarehouseTypes.scale(column.type());
    if (scaleMax.isPresent()
        && WarehouseValues.scale(value).filter(scale -> scale > scaleMax.get()).isPresent()) {
      throw new OperatorException(
          "a value of column "
              + field.name()
              + " of table "
              + table
              + " has more digits after the point than the warehouse keeps ("
              + column.type()
              + "): make the column numeric there");
    }
    try {
      return WarehouseValues.text(field.schema(), value);
    } catch (IllegalArgumentException e) {
      throw new OperatorException(
          "a value of column "
              + field.name()
              + " of table "
              + table
              + " "
              + e.getMessage()
              + ": without = ["
              + field.name()
              + "] leaves the column out",
          e);
    }
  }
}
