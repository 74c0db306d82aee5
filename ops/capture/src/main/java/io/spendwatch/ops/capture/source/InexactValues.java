package io.spendwatch.ops.capture.source;

import io.spendwatch.ops.capture.warehouse.WarehousePlan;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Values that a product takes but that a snapshot does not read as they are. They are looked for
 * before one begins, since afterwards nobody would notice. Stateless.
 */
final class InexactValues {
  private final BusinessDatabase database;
  private final String what;
  private final Function<WarehousePlan.Column, Optional<String>> condition;

  /**
   * @param what they are, as it is said of a column that has some
   * @param condition in SQL, by which a column's are found; empty for a column that can have none
   */
  InexactValues(
      BusinessDatabase database,
      String what,
      Function<WarehousePlan.Column, Optional<String>> condition) {
    this.database = database;
    this.what = what;
    this.condition = condition;
  }

  /** The columns that have some, each in one line with what to do. Reads the tables, and blocks. */
  List<String> in(Connection connection, List<WarehousePlan.Table> tables) throws SQLException {
    List<String> found = new ArrayList<>();
    for (WarehousePlan.Table table : tables) {
      String name = table.settings().source();
      for (WarehousePlan.Column column : table.shared()) {
        Optional<String> inexact = condition.apply(column);
        if (inexact.isPresent() && has(connection, name, inexact.get())) {
          found.add(
              "column "
                  + column.name()
                  + " of table "
                  + name
                  + " has "
                  + what
                  + ": mend them, or without = ["
                  + column.name()
                  + "] leaves it out");
        }
      }
    }
    return found;
  }

  private boolean has(Connection connection, String table, String condition) throws SQLException {
    return Scalar.of(
            connection,
            "SELECT 1 FROM " + database.quotedTable(table) + " WHERE " + condition + " LIMIT 1")
        != null;
  }
}
