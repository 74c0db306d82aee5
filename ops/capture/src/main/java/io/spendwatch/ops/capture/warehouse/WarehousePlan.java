package io.spendwatch.ops.capture.warehouse;

import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.ops.capture.config.WarehouseConfig;
import io.spendwatch.ops.capture.config.WarehouseTable;
import io.spendwatch.ops.capture.warehouse.WarehouseTypes.Rule;
import io.spendwatch.streams.base.Spelling;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which column of a business database goes into which column of a warehouse, and why some do not
 * fit. Read from both catalogues; immutable.
 */
public final class WarehousePlan {
  private final List<Table> tables;
  private final List<String> misfits;

  /**
   * A column that is taken.
   *
   * @param name in both
   * @param type of the warehouse's column
   * @param rule by which the business database's type is held; empty for one that it has no more
   */
  public record Column(String name, String type, Optional<Rule> rule) {}

  /**
   * A table that is captured.
   *
   * @param columns of the warehouse's table, by their names
   * @param isMissing whether the warehouse does not have it yet
   */
  public record Table(
      WarehouseTable settings,
      String target,
      Map<String, Column> columns,
      List<String> key,
      boolean isMissing) {

    /** Those that the business database has, in its order. */
    public List<Column> shared() {
      return columns.values().stream().filter(column -> column.rule().isPresent()).toList();
    }
  }

  private WarehousePlan(List<Table> tables, List<String> misfits) {
    this.tables = List.copyOf(tables);
    this.misfits = List.copyOf(misfits);
  }

  /**
   * Looks at the warehouse. Blocks.
   *
   * @param sources tables of the business database, by their names
   */
  public static WarehousePlan of(
      CaptureConfig config, Map<String, SourceTable> sources, Connection connection)
      throws SQLException {
    WarehouseConfig warehouse = config.warehouse().orElseThrow();
    List<Table> tables = new ArrayList<>();
    List<String> misfits = new ArrayList<>();
    for (WarehouseTable settings : warehouse.tables()) {
      SourceTable source = sources.get(settings.source());
      if (source == null) {
        misfits.add("there is no table " + settings.source());
        continue;
      }
      Map<String, Column> wanted = wanted(config, settings, source, misfits);
      Map<String, String> found = found(connection, warehouse.schema(), settings.target());
      Map<String, Column> columns = wanted;
      if (!found.isEmpty()) {
        columns = fitted(warehouse, settings, wanted, found, misfits);
        requireKey(connection, warehouse, settings, source.key(), misfits);
      }
      tables.add(
          new Table(
              settings,
              warehouse.qualified(settings.target()),
              columns,
              List.copyOf(source.key()),
              found.isEmpty()));
    }
    return new WarehousePlan(tables, misfits);
  }

  /** The columns that a table of the business database needs. */
  private static Map<String, Column> wanted(
      CaptureConfig config, WarehouseTable settings, SourceTable source, List<String> misfits) {
    String table = settings.source();
    Set<String> names = new LinkedHashSet<>();
    source.columns().forEach(column -> names.add(column.name()));
    Set<String> asked = new LinkedHashSet<>(settings.columns());
    asked.addAll(settings.renamed().keySet());
    settings.day().ifPresent(asked::add);
    for (String column : asked) {
      if (!names.contains(column)) {
        misfits.add("table " + table + " has no column " + column + meant(column, names));
      }
    }
    if (source.key().isEmpty()) {
      misfits.add(
          "table " + table + " has no primary key, by which its rows are known in the warehouse");
    }
    if (source.identity().equals("n") || source.identity().equals("i")) {
      misfits.add(
          "the log does not have the primary key of changed rows of table "
              + table
              + ": ALTER TABLE "
              + table
              + " REPLICA IDENTITY DEFAULT");
    }
    for (String column : source.key()) {
      if (!settings.takes(column)) {
        misfits.add("column " + column + " of table " + table + " is of its key: take it");
      }
    }
    Map<String, Column> wanted = new LinkedHashMap<>();
    for (SourceTable.Column column : source.columns()) {
      if (!settings.takes(column.name())) {
        continue;
      }
      Optional<Rule> rule = WarehouseTypes.rule(config.source().product(), column.type());
      if (rule.isEmpty()) {
        misfits.add(
            unheld(table, column.name(), "is of type " + column.type() + ", which no type holds"));
      } else if (column.generated()) {
        misfits.add(
            unheld(table, column.name(), "is computed by the database: its log has it not"));
      } else {
        wanted.put(
            column.name(),
            new Column(column.name(), WarehouseTypes.target(rule.get(), column), rule));
      }
    }
    return wanted;
  }

  private static String unheld(String table, String column, String why) {
    return "column "
        + column
        + " of table "
        + table
        + " "
        + why
        + ": without = ["
        + column
        + "] leaves it out";
  }

  private static String meant(String word, Set<String> known) {
    return Spelling.nearest(word, known).map(near -> " (did you mean " + near + "?)").orElse("");
  }

  /** A table's columns with their types; empty where there is no such table. */
  private static Map<String, String> found(Connection connection, String schema, String table)
      throws SQLException {
    Map<String, String> found = new LinkedHashMap<>();
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a"
                + " JOIN pg_class c ON c.oid = a.attrelid"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace"
                + " WHERE n.nspname = ? AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped"
                + " ORDER BY a.attnum")) {
      statement.setString(1, schema);
      statement.setString(2, table);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          found.put(rows.getString(1), rows.getString(2));
        }
      }
    }
    return found;
  }

  /** The columns that the warehouse has, and why they do not hold what is wanted. */
  private static Map<String, Column> fitted(
      WarehouseConfig warehouse,
      WarehouseTable settings,
      Map<String, Column> wanted,
      Map<String, String> found,
      List<String> misfits) {
    Map<String, Column> columns = new LinkedHashMap<>();
    for (Column column : wanted.values()) {
      String type = found.get(column.name());
      if (type == null) {
        misfits.add(
            "table "
                + warehouse.schema()
                + "."
                + settings.target()
                + " of the warehouse has no column "
                + column.name()
                + ": ALTER TABLE "
                + warehouse.qualified(settings.target())
                + " ADD COLUMN "
                + WarehouseConfig.quoted(column.name())
                + " "
                + column.type()
                + " (with the default that rows of before have there)");
      } else if (WarehouseTypes.holds(type, column.type())) {
        columns.put(column.name(), new Column(column.name(), type, column.rule()));
      } else {
        misfits.add(
            "column "
                + column.name()
                + " of table "
                + warehouse.schema()
                + "."
                + settings.target()
                + " of the warehouse is of type "
                + type
                + ", which does not hold all of "
                + settings.source()
                + " (expected: "
                + column.type()
                + ")");
      }
    }
    // What the log of before still has, and the business database no more.
    found.forEach(
        (name, type) -> {
          if (!wanted.containsKey(name)) {
            columns.put(name, new Column(name, type, Optional.empty()));
          }
        });
    return columns;
  }

  private static void requireKey(
      Connection connection,
      WarehouseConfig warehouse,
      WarehouseTable settings,
      List<String> key,
      List<String> misfits)
      throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            "SELECT array_agg(a.attname::text) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
                + " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a"
                + " ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey::int2[])"
                + " WHERE n.nspname = ? AND c.relname = ? AND i.indisunique AND i.indimmediate"
                + " AND i.indpred IS NULL AND i.indexprs IS NULL GROUP BY i.indexrelid")) {
      statement.setString(1, warehouse.schema());
      statement.setString(2, settings.target());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          if (Set.of((Object[]) rows.getArray(1).getArray()).equals(Set.copyOf(key))) {
            return;
          }
        }
      }
    }
    misfits.add(
        "table "
            + warehouse.schema()
            + "."
            + settings.target()
            + " of the warehouse has no primary key ("
            + String.join(", ", key)
            + "), as table "
            + settings.source()
            + " has");
  }

  public List<Table> tables() {
    return tables;
  }

  /** What does not fit, each in one line. */
  public List<String> misfits() {
    return misfits;
  }

  /** Makes the tables that are missing. The caller commits. */
  public void createMissing(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (Table table : tables) {
        if (table.isMissing()) {
          statement.execute(
              "CREATE TABLE "
                  + table.target()
                  + " ("
                  + table.columns().values().stream()
                      .map(column -> WarehouseConfig.quoted(column.name()) + " " + column.type())
                      .collect(Collectors.joining(", "))
                  + ", PRIMARY KEY ("
                  + names(table.key())
                  + "))");
        }
      }
    }
  }

  /** Names as statements have them. */
  public static String names(List<String> columns) {
    return columns.stream().map(WarehouseConfig::quoted).collect(Collectors.joining(", "));
  }
}
