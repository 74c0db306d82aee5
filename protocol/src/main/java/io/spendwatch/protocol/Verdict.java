package io.spendwatch.protocol;

/** What was decided for one transaction. */
public enum Verdict {
  /** Exposure at most the balance. */
  CLEAR,
  /** Exposure greater than the balance. */
  BREACH,
  /** The user has no account (yet); the transaction counts once there is one. */
  NO_ACCOUNT,
  /** 24 h or more behind the user's latest event time: stored, can change nothing current. */
  TOO_LATE
}
