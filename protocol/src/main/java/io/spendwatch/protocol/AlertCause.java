package io.spendwatch.protocol;

/** What ended an episode. */
public enum AlertCause {
  /** Transactions left the window, 24 h after their event time. */
  EXPIRY,
  /** A refund brought the exposure down. */
  REFUND,
  /** The account balance changed. */
  BALANCE
}
