package io.spendwatch.ops.audit.source;

/**
 * A row of a business database that is not what is stored of it.
 *
 * @param table of the row, by the mapping; null of a row that is not there
 * @param id of the row's transaction; null for an account, empty for rows whose ids are too long
 * @param userId of what is expected, or else of what is there
 * @param expected what the row says
 * @param actual what is stored
 * @param detail for people
 */
public record SourceFinding(
    Kind kind,
    String table,
    String id,
    String userId,
    String expected,
    String actual,
    String detail) {

  /** What is wrong. */
  public enum Kind {
    /** There is a row, and nothing of it here. */
    MISSING,
    /** There is something here, and no such row. */
    EXTRA,
    /** The row says another amount, user, currency or time. */
    DIFFERENT,
    /** An account that has another balance, or is missing here. */
    BALANCE
  }
}
