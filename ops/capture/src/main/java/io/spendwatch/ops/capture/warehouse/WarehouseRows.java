package io.spendwatch.ops.capture.warehouse;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.WarehouseConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What is to be written of one table: of each key the last that the log says of it. For one thread.
 */
public final class WarehouseRows {
  /** In place of a value. */
  enum No {
    /** The log's row has no such column. */
    COLUMN,
    /** The log does not repeat it, since it has not changed. */
    CHANGE
  }

  private final WarehousePlan.Table table;
  private final List<WarehousePlan.Column> columns;
  private final int[] key;
  private final Map<List<Object>, Pending> pending = new LinkedHashMap<>();
  private boolean isEmptiedFirst;

  /** What becomes of a key. */
  private static final class Pending {
    /** Null where the row is gone. */
    private Object[] values;

    /** Whether the row that is there goes first. */
    private boolean isAnew;
  }

  public WarehouseRows(WarehousePlan.Table table) {
    this.table = table;
    this.columns = List.copyOf(table.columns().values());
    List<String> names = columns.stream().map(WarehousePlan.Column::name).toList();
    this.key = table.key().stream().mapToInt(names::indexOf).toArray();
  }

  public List<WarehousePlan.Column> columns() {
    return columns;
  }

  public int size() {
    return pending.size();
  }

  /**
   * A row is so now.
   *
   * @param values texts by the columns' order; null, or {@link No} in place of one
   */
  public void put(Object[] values) {
    Pending row = pending.computeIfAbsent(keyOf(values), _ -> new Pending());
    if (row.values == null) {
      row.values = values;
      return;
    }
    for (int i = 0; i < values.length; i++) {
      if (!(values[i] instanceof No)) {
        row.values[i] = values[i];
      }
    }
  }

  /** A row is gone; of the values those of the key are asked. */
  public void remove(Object[] values) {
    Pending row = pending.computeIfAbsent(keyOf(values), _ -> new Pending());
    row.values = null;
    row.isAnew = true;
  }

  /** All rows are gone. */
  public void removeAll() {
    pending.clear();
    isEmptiedFirst = true;
  }

  private List<Object> keyOf(Object[] values) {
    Object[] parts = new Object[key.length];
    for (int i = 0; i < key.length; i++) {
      parts[i] = values[key[i]];
    }
    return List.of(parts);
  }

  /** Writes all of it, and forgets it. The caller commits. */
  public void write(Connection connection) throws SQLException {
    if (isEmptiedFirst) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("TRUNCATE " + table.target());
      }
    }
    List<Object[]> gone = new ArrayList<>();
    Map<BitSet, List<Object[]>> alike = new LinkedHashMap<>();
    Map<BitSet, List<Object[]>> partly = new LinkedHashMap<>();
    pending.forEach(
        (keys, row) -> {
          if (row.isAnew) {
            gone.add(keys.toArray());
          }
          if (row.values != null) {
            var present = new BitSet(columns.size());
            boolean isWhole = true;
            for (int i = 0; i < row.values.length; i++) {
              present.set(i, !(row.values[i] instanceof No));
              isWhole &= row.values[i] != No.CHANGE;
            }
            (isWhole ? alike : partly)
                .computeIfAbsent(present, _ -> new ArrayList<>())
                .add(row.values);
          }
        });
    if (!gone.isEmpty()) {
      delete(connection, gone);
    }
    for (Map.Entry<BitSet, List<Object[]>> each : alike.entrySet()) {
      upsert(connection, each.getKey().stream().toArray(), each.getValue());
    }
    for (Map.Entry<BitSet, List<Object[]>> each : partly.entrySet()) {
      update(connection, each.getKey().stream().toArray(), each.getValue());
    }
    pending.clear();
    isEmptiedFirst = false;
  }

  private void delete(Connection connection, List<Object[]> keys) throws SQLException {
    int[] places = IntStream.range(0, key.length).toArray();
    int _ =
        execute(
            connection,
            "DELETE FROM "
                + table.target()
                + " AS t USING "
                + values(key.length)
                + " WHERE "
                + IntStream.of(places)
                    .mapToObj(i -> "t." + name(key[i]) + " = " + cast("v.c" + i, key[i]))
                    .collect(Collectors.joining(" AND ")),
            keys,
            places);
  }

  private void upsert(Connection connection, int[] present, List<Object[]> rows)
      throws SQLException {
    String changes =
        IntStream.of(present)
            .filter(i -> !isOfKey(i))
            .mapToObj(i -> name(i) + " = excluded." + name(i))
            .collect(Collectors.joining(", "));
    int _ =
        execute(
            connection,
            "INSERT INTO "
                + table.target()
                + " ("
                + IntStream.of(present).mapToObj(this::name).collect(Collectors.joining(", "))
                + ") SELECT "
                + IntStream.range(0, present.length)
                    .mapToObj(i -> cast("v.c" + i, present[i]))
                    .collect(Collectors.joining(", "))
                + " FROM "
                + values(present.length)
                + " ON CONFLICT ("
                + WarehousePlan.names(table.key())
                + ") DO "
                + (changes.isEmpty() ? "NOTHING" : "UPDATE SET " + changes),
            rows,
            present);
  }

  /** Rows that must be there, since the log does not have all of them. */
  private void update(Connection connection, int[] present, List<Object[]> rows)
      throws SQLException {
    List<String> changes = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    for (int i = 0; i < present.length; i++) {
      String value = cast("v.c" + i, present[i]);
      if (isOfKey(present[i])) {
        keys.add("t." + name(present[i]) + " = " + value);
      } else {
        changes.add(name(present[i]) + " = " + value);
      }
    }
    if (changes.isEmpty()) {
      return;
    }
    int found =
        execute(
            connection,
            "UPDATE "
                + table.target()
                + " AS t SET "
                + String.join(", ", changes)
                + " FROM "
                + values(present.length)
                + " WHERE "
                + String.join(" AND ", keys),
            rows,
            present);
    if (found != rows.size()) {
      throw new OperatorException(
          "table "
              + table.target()
              + " of the warehouse lacks "
              + (rows.size() - found)
              + " changed rows, whose large values the log of "
              + table.settings().source()
              + " does not repeat: did somebody delete them? `capture --to warehouse --snapshot`"
              + " fills the table anew");
    }
  }

  private static int execute(Connection connection, String sql, List<Object[]> rows, int[] places)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < places.length; i++) {
        Object[] column = new Object[rows.size()];
        for (int row = 0; row < column.length; row++) {
          column[row] = rows.get(row)[places[i]];
        }
        statement.setArray(i + 1, connection.createArrayOf("text", column));
      }
      return statement.executeUpdate();
    }
  }

  private static String values(int columns) {
    return "unnest("
        + IntStream.range(0, columns).mapToObj(_ -> "?").collect(Collectors.joining(", "))
        + ") AS v ("
        + IntStream.range(0, columns).mapToObj(i -> "c" + i).collect(Collectors.joining(", "))
        + ")";
  }

  private String cast(String value, int column) {
    return value + "::" + WarehouseTypes.cast(columns.get(column).type());
  }

  private String name(int column) {
    return WarehouseConfig.quoted(columns.get(column).name());
  }

  private boolean isOfKey(int column) {
    return IntStream.of(key).anyMatch(each -> each == column);
  }
}
