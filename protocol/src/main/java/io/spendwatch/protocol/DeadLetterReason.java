package io.spendwatch.protocol;

/** Why a record went to a dead-letter topic: the stable code in its {@code dlq.reason} header. */
public enum DeadLetterReason {
  MALFORMED_JSON,
  MISSING_FIELD,
  BAD_ID,
  BAD_AMOUNT,
  BAD_CURRENCY,
  /** Another currency than the user's account. */
  CURRENCY_MISMATCH,
  BAD_EVENT_TIME,
  /** Further past the wall clock than the allowed skew. */
  FUTURE_EVENT_TIME,
  /** Before the floor that the node's settings say. */
  TOO_OLD_EVENT_TIME,
  /** Beyond the greatest amount that the node's settings say. */
  AMOUNT_TOO_LARGE,
  /** An id or the merchant has what looks like the number of a card; it is masked in the letter. */
  PAN_SUSPECTED,
  /** Neither PURCHASE nor REFUND. */
  BAD_KIND,
  /**
   * Free text that cannot be stored: a NUL character, an unpaired surrogate, or over 256
   * characters.
   */
  BAD_TEXT,
  /** The key is missing or not the user id. */
  KEY_MISMATCH,
  /** In a partition that its key does not belong to, by the partitioner that is set. */
  WRONG_PARTITION,
  /** The value is over {@link #MAX_VALUE_BYTES}. */
  TOO_LARGE,
  NO_VALUE,
  /** A row of a business database has been changed, and the mapping says to put that aside. */
  CHANGED_ROW,
  /** Our own code failed on it, repeatedly. */
  INTERNAL_ERROR;

  /** Largest accepted value, bytes. */
  public static final int MAX_VALUE_BYTES = 64 * 1024;
}
