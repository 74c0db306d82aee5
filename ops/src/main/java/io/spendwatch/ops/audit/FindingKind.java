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
  OUTSIDE_RETENTION,
  /** An hour of roll-up hourly_spend is not what its transactions add up to. */
  WRONG_HOURLY_SPEND,
  /** A day of roll-up daily_spend is not what its hours add up to, nor its transactions. */
  WRONG_DAILY_SPEND,
  /** A minute of roll-up minute_sales is not what its transactions add up to. */
  WRONG_MINUTE_SALES,
  /** A user's day in roll-up daily_users is not what the transactions of it add up to. */
  WRONG_DAILY_USERS,
  /** A user's month in roll-up monthly_users is not what its days or transactions add up to. */
  WRONG_MONTHLY_USERS,
  /** A user's day in roll-up daily_habits is not what the transactions of it add up to. */
  WRONG_DAILY_HABITS,
  /** An hour of roll-up hourly_alerts does not have as many alerts as there are. */
  WRONG_HOURLY_ALERTS,
  /** A user's row in roll-up user_risk does not follow from the user's transactions. */
  WRONG_USER_RISK,
  /** A user's newest features do not follow from the user's transactions. */
  WRONG_USER_FEATURES,
  /** A run of the audit, or what it found, was changed after it had ended. */
  CHANGED_RUN
}
