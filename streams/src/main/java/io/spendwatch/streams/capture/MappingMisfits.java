package io.spendwatch.streams.capture;

import io.spendwatch.streams.base.Spelling;
import io.spendwatch.streams.capture.change.ColumnType;
import io.spendwatch.streams.capture.expression.Amount;
import io.spendwatch.streams.capture.expression.EventTimeColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Why a mapping does not fit a database: tables and columns that there are not, and columns of
 * types that cannot be what they are mapped to. For one thread.
 */
final class MappingMisfits {
  private final Map<String, Map<String, ColumnType>> schema;
  private final List<String> found = new ArrayList<>();

  /**
   * @param schema of each table that there is, its columns by their names
   */
  MappingMisfits(Map<String, Map<String, ColumnType>> schema) {
    this.schema = schema;
  }

  /** Each in one line. */
  List<String> found() {
    return found;
  }

  /** Whether there is such a table; that there is not is a misfit. */
  boolean isThere(String table) {
    boolean isThere = schema.containsKey(table);
    if (!isThere) {
      found.add("there is no table " + table + meant(table, schema.keySet()));
    }
    return isThere;
  }

  private Map<String, ColumnType> columns(String table) {
    return schema.getOrDefault(table, Map.of());
  }

  /** Those of a table of accounts. */
  void add(BalancesTable mapped) {
    Map<String, ColumnType> columns = columns(mapped.table());
    addMissing(mapped.table(), mapped.columns(), columns);
    addInexact(mapped.table(), mapped.balance(), columns);
  }

  /** Those of a table of transactions. */
  void add(TransactionsTable mapped) {
    String table = mapped.table();
    Map<String, ColumnType> columns = columns(table);
    addMissing(table, mapped.columns(), columns);
    addInexact(table, mapped.amount(), columns);
    switch (mapped.eventTime()) {
      case EventTimeColumn.Moment moment -> addMisplaced(table, moment, columns);
      case EventTimeColumn.DayAndTime(String day, String time, _) -> {
        addMistyped(
            table,
            day,
            columns,
            "a date or a Julian day number",
            Set.of(ColumnType.DATE, ColumnType.LOCAL_DATE_TIME, ColumnType.INTEGER));
        addMistyped(
            table,
            time,
            columns,
            "a time or a second of the day",
            Set.of(ColumnType.TIME, ColumnType.INTEGER));
      }
    }
  }

  private void addMissing(String table, Set<String> asked, Map<String, ColumnType> columns) {
    for (String column : asked) {
      if (!columns.containsKey(column)) {
        found.add("table " + table + " has no column " + column + meant(column, columns.keySet()));
      }
    }
  }

  private void addInexact(String table, Amount amount, Map<String, ColumnType> columns) {
    for (String column : amount.columns()) {
      addMistyped(
          table,
          column,
          columns,
          "an exact number: DECIMAL, NUMERIC or an integer",
          Set.of(ColumnType.INTEGER, ColumnType.DECIMAL));
    }
  }

  private void addMisplaced(
      String table, EventTimeColumn.Moment moment, Map<String, ColumnType> columns) {
    String column = moment.column();
    addMistyped(
        table,
        column,
        columns,
        "a point in time, a local one, a date or an integer",
        Set.of(
            ColumnType.INSTANT,
            ColumnType.LOCAL_DATE_TIME,
            ColumnType.DATE,
            ColumnType.INTEGER,
            ColumnType.DECIMAL));
    ColumnType type = columns.get(column);
    boolean isLocal = type == ColumnType.LOCAL_DATE_TIME || type == ColumnType.DATE;
    if (isLocal && moment.zone().isEmpty()) {
      found.add(
          "column "
              + column
              + " of table "
              + table
              + " has no zone: say in event-time which it is,"
              + " such as zone = \"Europe/Berlin\"");
    }
    boolean isNumber = type == ColumnType.INTEGER || type == ColumnType.DECIMAL;
    if (isNumber && moment.unit().isEmpty()) {
      found.add(
          "column "
              + column
              + " of table "
              + table
              + " is a number: say in event-time what it"
              + " counts since 1970: unit = seconds, milliseconds or microseconds");
    }
  }

  private void addMistyped(
      String table,
      String column,
      Map<String, ColumnType> columns,
      String expected,
      Set<ColumnType> types) {
    ColumnType type = columns.get(column);
    if (type != null && !types.contains(type)) {
      found.add(
          "column "
              + column
              + " of table "
              + table
              + " is of type "
              + type.name().toLowerCase(Locale.ROOT).replace('_', ' ')
              + " (expected: "
              + expected
              + ")");
    }
  }

  private static String meant(String word, Set<String> known) {
    return Spelling.nearest(word, known).map(near -> " (did you mean " + near + "?)").orElse("");
  }
}
