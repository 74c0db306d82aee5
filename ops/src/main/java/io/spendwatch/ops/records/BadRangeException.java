package io.spendwatch.ops.records;

/** A time that cannot be shown as it was asked for; the message says what is expected. */
public final class BadRangeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  BadRangeException(String message) {
    super(message);
  }
}
