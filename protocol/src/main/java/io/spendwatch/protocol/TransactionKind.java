package io.spendwatch.protocol;

/** What a transaction does to its user's exposure. */
public enum TransactionKind {
  /** Adds its amount. */
  PURCHASE,
  /** Subtracts its amount. */
  REFUND
}
