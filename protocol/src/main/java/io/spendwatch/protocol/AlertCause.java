package io.spendwatch.protocol;

/** What ended an episode, or opened it where that was no transaction. */
public enum AlertCause {
  /** Transactions left the window, 24 h after their event time. */
  EXPIRY,
  /** A refund brought the exposure down. */
  REFUND,
  /** The account balance changed. */
  BALANCE,
  /** Something that this version of the library does not know; never written by it. */
  OTHER
}
