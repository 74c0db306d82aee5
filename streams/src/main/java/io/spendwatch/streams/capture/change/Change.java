package io.spendwatch.streams.capture.change;

import java.util.Optional;

/** What has happened to one row. */
public sealed interface Change {

  /** The table's name with its schema, or with its database where there are no schemas. */
  String table();

  /** Where it stands in the log; of a row of a snapshot, where the log was. */
  LogPosition at();

  /** A row that was there when the snapshot was taken. */
  record Snapshotted(String table, Row row, LogPosition at) implements Change {}

  /** A new row. */
  record Inserted(String table, Row row, LogPosition at) implements Change {}

  /**
   * A row that is another one now.
   *
   * @param before empty where the database does not write it into its log
   */
  record Updated(String table, Optional<Row> before, Row after, LogPosition at) implements Change {}

  /**
   * A row that is gone.
   *
   * @param before as it stood; its key only where the database writes no more into its log
   */
  record Deleted(String table, Row before, LogPosition at) implements Change {}

  /** All rows of the table are gone, and the log does not say which those were. */
  record Truncated(String table, LogPosition at) implements Change {}
}
