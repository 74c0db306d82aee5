package io.spendwatch.ops.audit;

/** What an audit can find. The names are what the tables and reports show. */
public enum FindingKind {
  /** A row's exposure is not what the rows that had arrived by then add up to. */
  WRONG_EXPOSURE,
  /** A row's verdict does not follow from its exposure, its balance and its time of arrival. */
  WRONG_VERDICT,
  /** A row names a balance that the account never had under that version. */
  WRONG_BALANCE,
  /** A RAISED that follows from the rows is not there. */
  MISSING_ALERT,
  /** A CLEARED that follows from the rows is not there. */
  MISSING_CLEARED,
  /** An alert that does not follow from the rows. */
  EXTRA_ALERT,
  /** An alert that follows from the rows, and states other figures. */
  WRONG_ALERT,
  /** A user's window in memory is not what is stored. */
  ACTOR_DRIFT,
  /** A record of the topic is neither stored, nor a dead letter, nor a duplicate. */
  OFFSET_GAP,
  /** A stored row is of no record of the topic, or of one that has a row already. */
  ROW_WITHOUT_RECORD,
  /** Records were gone before they were read, and nobody has acknowledged it. */
  LOST_RECORDS,
  /** Rows that are older than what is kept. */
  OUTSIDE_RETENTION
}
