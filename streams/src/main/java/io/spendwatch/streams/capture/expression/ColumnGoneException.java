package io.spendwatch.streams.capture.expression;

/**
 * A change has no column of a name that the mapping asks for: the table has been altered. Nothing
 * of it may be passed over; the mapping has to follow.
 */
public final class ColumnGoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ColumnGoneException(String table, String column) {
    super(
        "table "
            + table
            + " has no column "
            + column
            + " any more, as of this place in its log: name the new column in the mapping, and what"
            + " it was called before in renamed { new = old }");
  }
}
