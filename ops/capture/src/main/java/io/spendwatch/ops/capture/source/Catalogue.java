package io.spendwatch.ops.capture.source;

import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.streams.capture.change.ColumnType;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a business database's catalogue says of tables, read column by column: each product has a
 * statement of its own for it, and says what a row of that means. Immutable.
 */
final class Catalogue {
  private final Map<String, SourceTable> tables = new LinkedHashMap<>();
  private final Map<String, Map<String, ColumnType>> types = new LinkedHashMap<>();

  /**
   * A column of a table.
   *
   * @param table with its schema or database before a dot
   * @param identity what the log has of a row as it was; empty where that is the whole row always
   * @param column as the catalogue has it
   * @param type as the mapping has it
   * @param keyPlace in the primary key; empty for a column that is not of it
   */
  record Entry(
      String table,
      String identity,
      SourceTable.Column column,
      ColumnType type,
      OptionalInt keyPlace) {}

  /** What a row of a product's statement says. */
  @FunctionalInterface
  interface Reading {
    Entry of(ResultSet row) throws SQLException;
  }

  /**
   * @param entries of each table in its columns' order
   */
  Catalogue(List<Entry> entries) {
    Map<String, TreeMap<Integer, String>> keys = new LinkedHashMap<>();
    for (Entry entry : entries) {
      String column = entry.column().name();
      tables
          .computeIfAbsent(
              entry.table(),
              _ -> new SourceTable(new ArrayList<>(), new ArrayList<>(), entry.identity()))
          .columns()
          .add(entry.column());
      types.computeIfAbsent(entry.table(), _ -> new LinkedHashMap<>()).put(column, entry.type());
      entry
          .keyPlace()
          .ifPresent(
              place ->
                  keys.computeIfAbsent(entry.table(), _ -> new TreeMap<>()).put(place, column));
    }
    keys.forEach((table, columns) -> tables.get(table).key().addAll(columns.values()));
  }

  /**
   * Runs a product's statement. Blocks.
   *
   * @param tables whatever else the statement finds is left out
   */
  static Catalogue read(PreparedStatement statement, Set<String> tables, Reading reading)
      throws SQLException {
    List<Entry> entries = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        Entry entry = reading.of(rows);
        if (tables.contains(entry.table())) {
          entries.add(entry);
        }
      }
    }
    return new Catalogue(entries);
  }

  /** A number of a row; empty for null. */
  static OptionalInt ifThere(ResultSet row, int index) throws SQLException {
    int number = row.getInt(index);
    return row.wasNull() ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** Those that there are, by their names. */
  Map<String, SourceTable> tables() {
    return tables;
  }

  /** Their columns' types by their names. */
  Map<String, Map<String, ColumnType>> types() {
    return types;
  }
}
