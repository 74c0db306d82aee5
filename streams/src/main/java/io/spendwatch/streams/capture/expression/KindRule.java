package io.spendwatch.streams.capture.expression;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** What a row's amount does to its user's spend. */
public sealed interface KindRule {

  /** Those that it asks, beside the amount's. */
  Set<String> columns();

  /**
   * The row's amount with the sign that it has in the exposure, minor units; empty for a row that
   * counts nothing, whose amount is not looked at.
   *
   * @throws UnmappableException if the amount has none, is negative where it must not be, or the
   *     kind is unknown
   */
  OptionalLong signedMinor(MappedRow row, Amount amount, String currency)
      throws UnmappableException;

  /** All rows of the table are of one kind, and amounts are not negative. */
  record Always(TransactionKind kind) implements KindRule {
    @Override
    public Set<String> columns() {
      return Set.of();
    }

    @Override
    public OptionalLong signedMinor(MappedRow row, Amount amount, String currency)
        throws UnmappableException {
      return OptionalLong.of(signed(kind, amount.minor(row, currency)));
    }
  }

  /** The amount's sign tells. */
  record BySign(TransactionKind positive) implements KindRule {
    @Override
    public Set<String> columns() {
      return Set.of();
    }

    @Override
    public OptionalLong signedMinor(MappedRow row, Amount amount, String currency)
        throws UnmappableException {
      long amountMinor = amount.minor(row, currency);
      return OptionalLong.of(
          switch (positive) {
            case PURCHASE -> amountMinor;
            case REFUND -> -amountMinor;
          });
    }
  }

  /**
   * A column tells, by its value as text; amounts are not negative.
   *
   * @param ignored values of rows that count nothing
   */
  record ByColumn(String column, Set<String> purchases, Set<String> refunds, Set<String> ignored)
      implements KindRule {
    @Override
    public Set<String> columns() {
      return Set.of(column);
    }

    @Override
    public OptionalLong signedMinor(MappedRow row, Amount amount, String currency)
        throws UnmappableException {
      Optional<TransactionKind> kind = kind(row);
      return kind.isEmpty()
          ? OptionalLong.empty()
          : OptionalLong.of(signed(kind.get(), amount.minor(row, currency)));
    }

    private Optional<TransactionKind> kind(MappedRow row) throws UnmappableException {
      String value = TextTemplate.shown(row.required(column));
      if (ignored.contains(value)) {
        return Optional.empty();
      } else if (purchases.contains(value)) {
        return Optional.of(TransactionKind.PURCHASE);
      } else if (refunds.contains(value)) {
        return Optional.of(TransactionKind.REFUND);
      }
      throw new UnmappableException(
          DeadLetterReason.BAD_KIND,
          "column " + column + " is " + value + ", which is in none of the mapping's lists");
    }
  }

  private static long signed(TransactionKind kind, long amountMinor) throws UnmappableException {
    if (amountMinor < 0) {
      throw new UnmappableException(
          DeadLetterReason.BAD_AMOUNT, "the amount is negative (expected: 0 or more)");
    }
    return switch (kind) {
      case PURCHASE -> amountMinor;
      case REFUND -> -amountMinor;
    };
  }
}
