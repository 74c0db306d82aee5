package io.spendwatch.streams.ledger;

import org.jspecify.annotations.Nullable;

/**
 * A value of a row that the table admits and we cannot read. The message names column and value,
 * shown safely, and what was expected: it goes to people.
 */
final class UnreadableValue extends RuntimeException {
  private static final long serialVersionUID = 1;

  UnreadableValue(String column, @Nullable String value, String expected) {
    super(
        column + " " + UnreadableRows.shown(value) + " (expected: " + expected + ")",
        null,
        false,
        false);
  }
}
