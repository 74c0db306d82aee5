package io.spendwatch.streams.capture.expression;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.capture.change.Row;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A row, as the expressions of its table's mapping ask it. For one thread. */
public final class MappedRow {
  private final String table;
  private final Row row;
  private final Map<String, String> formerNames;

  /** An expression has no answer for this row. */
  public static final class UnmappableException extends Exception {
    private static final long serialVersionUID = 1L;

    private final DeadLetterReason reason;
    private final String message;

    public UnmappableException(DeadLetterReason reason, String message) {
      // Expected: it is data, and nobody looks at where it was thrown.
      super(message, null, false, false);
      this.reason = reason;
      this.message = message;
    }

    /** By which the contract names it. */
    public DeadLetterReason reason() {
      return reason;
    }

    @Override
    public String getMessage() {
      return message;
    }
  }

  /**
   * A row under its table's mapping.
   *
   * @param formerNames what columns were called earlier in the log, by what they are called now
   */
  public MappedRow(String table, Row row, Map<String, String> formerNames) {
    this.table = table;
    this.row = row;
    this.formerNames = formerNames;
  }

  /**
   * The column's value; null where it is null.
   *
   * @throws ColumnGoneException if the row has no such column
   * @throws UnmappableException if the log does not have the value
   */
  public @Nullable Object value(String column) throws UnmappableException {
    Object value = row.columns().get(column);
    if (value == null && !row.columns().containsKey(column)) {
      String former = formerNames.get(column);
      if (former == null || !row.columns().containsKey(former)) {
        throw new ColumnGoneException(table, column);
      }
      value = row.columns().get(former);
    }
    if (value instanceof Row.NotSent) {
      throw new UnmappableException(
          DeadLetterReason.MISSING_FIELD, "column " + column + " is not in the log");
    }
    return value;
  }

  /**
   * The column's value, which is there.
   *
   * @throws UnmappableException if it is null
   */
  public Object required(String column) throws UnmappableException {
    Object value = value(column);
    if (value == null) {
      throw new UnmappableException(
          DeadLetterReason.MISSING_FIELD, "column " + column + " is null");
    }
    return value;
  }
}
