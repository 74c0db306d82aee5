package io.spendwatch.streams.capture;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.streams.capture.expression.MappedRow;
import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import java.util.Optional;

/**
 * What a row is by its mapping.
 *
 * @param <T> of what the table's rows are
 */
sealed interface Reading<T> {
  /** Something. */
  record Counts<T>(T what) implements Reading<T> {}

  /** Nothing, as the mapping wants it. */
  record CountsNothing<T>() implements Reading<T> {}

  /** The mapping has no answer for it. */
  record Unmappable<T>(DeadLetterReason reason, String message) implements Reading<T> {}

  /** How a table's mapping reads one; empty for what counts nothing. */
  @FunctionalInterface
  interface RowReader<T> {
    Optional<T> read(MappedRow row) throws UnmappableException;
  }

  /** A row under its mapping. */
  static <T> Reading<T> of(MappedRow row, RowReader<T> reader) {
    try {
      return reader
          .read(row)
          .<Reading<T>>map(Reading.Counts::new)
          .orElseGet(Reading.CountsNothing::new);
    } catch (UnmappableException e) {
      return new Reading.Unmappable<>(e.reason(), e.getMessage());
    }
  }
}
