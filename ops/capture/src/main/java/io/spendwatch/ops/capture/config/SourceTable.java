package io.spendwatch.ops.capture.config;

import java.util.List;

/**
 * A table of a business database, as its catalogue has it now.
 *
 * @param columns in their order
 * @param key columns of the primary key, in its order; empty for none
 * @param identity what the log has of a row as it was; empty where that is the whole row always
 */
public record SourceTable(List<Column> columns, List<String> key, String identity) {
  /** In place of a large value that the log does not repeat; no row has it by chance. */
  public static final String NOT_SENT = "__spendwatch_not_in_the_log_5f1c";

  /**
   * A column.
   *
   * @param type as the catalogue names it
   * @param modifier of the type, such as {@code (10,2)}; empty for none
   * @param generated whether the database computes it: then it is not in the log
   */
  public record Column(String name, String type, String modifier, boolean generated) {}
}
