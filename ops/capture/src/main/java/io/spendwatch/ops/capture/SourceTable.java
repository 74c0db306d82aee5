package io.spendwatch.ops.capture;

import java.util.List;

/**
 * A table of a business database, as its catalogue has it now.
 *
 * @param columns in their order
 * @param key columns of the primary key, in its order; empty for none
 * @param identity what the log has of a row as it was; empty where that is the whole row always
 */
record SourceTable(List<Column> columns, List<String> key, String identity) {

  /**
   * A column.
   *
   * @param type as {@link WarehouseTypes} names it
   * @param modifier of the type, such as {@code (10,2)}; empty for none
   * @param generated whether the database computes it: then it is not in the log
   */
  record Column(String name, String type, String modifier, boolean generated) {}
}
