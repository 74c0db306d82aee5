package io.spendwatch.streams.capture.expression;

import static io.spendwatch.streams.base.ConfigSection.check;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Money;
import io.spendwatch.streams.capture.expression.MappedRow.UnmappableException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A sum of columns, exact. Immutable.
 *
 * @param terms at least one
 * @param unit of the columns
 */
public record Amount(List<Term> terms, Unit unit) {

  /** A column, which is subtracted or added. */
  public record Term(String column, boolean subtracted) {}

  /** What a column's number 1 is. */
  public enum Unit {
    /** One of the currency: a dollar. */
    MAJOR,
    /** One of the currency's smallest unit: a cent. */
    MINOR
  }

  public Amount {
    terms = List.copyOf(terms);
  }

  /**
   * Reads the columns' names; one that begins with a minus is subtracted.
   *
   * @param key of the setting, for the message
   * @throws IllegalArgumentException if there is none, or one is empty
   */
  public static Amount parse(String key, List<String> columns, Unit unit) {
    check(!columns.isEmpty(), key, columns, "a column, or several to be added");
    List<Term> terms = new ArrayList<>();
    for (String column : columns) {
      boolean subtracted = column.startsWith("-");
      String name = subtracted ? column.substring(1).strip() : column;
      check(!name.isEmpty(), key, columns, "names of columns");
      terms.add(new Term(name, subtracted));
    }
    return new Amount(terms, unit);
  }

  /** Those that it names. */
  public Set<String> columns() {
    Set<String> columns = new LinkedHashSet<>();
    terms.forEach(term -> columns.add(term.column()));
    return columns;
  }

  /**
   * The sum, minor units, of any sign.
   *
   * @param currency one that {@link Money} knows
   * @throws UnmappableException if a column is null or no exact number, or the sum has more
   *     decimals than the currency or does not fit
   */
  public long minor(MappedRow row, String currency) throws UnmappableException {
    BigDecimal sum = BigDecimal.ZERO;
    for (Term term : terms) {
      BigDecimal value = exact(term.column(), row.required(term.column()));
      sum = term.subtracted() ? sum.subtract(value) : sum.add(value);
    }
    int digits =
        switch (unit) {
          case MAJOR -> Money.fractionDigits(currency);
          case MINOR -> 0;
        };
    try {
      return sum.movePointRight(digits).longValueExact();
    } catch (ArithmeticException e) {
      throw new UnmappableException(
          DeadLetterReason.BAD_AMOUNT,
          names()
              + " "
              + shown(sum)
              + " (expected: at most "
              + digits
              + " decimals, and to fit 64-bit minor units of "
              + currency
              + ")");
    }
  }

  private static BigDecimal exact(String column, Object value) throws UnmappableException {
    return switch (value) {
      case Long number -> BigDecimal.valueOf(number);
      case BigDecimal decimal -> decimal;
      default ->
          throw new UnmappableException(
              DeadLetterReason.BAD_AMOUNT,
              "column " + column + " is no exact number (expected: DECIMAL or an integer)");
    };
  }

  private String names() {
    return String.join(" + ", columns());
  }

  private static String shown(BigDecimal sum) {
    // An exponent is not to be written out: some databases have columns of any size.
    return Math.abs(sum.scale()) + sum.precision() > 80 ? "(long)" : sum.toPlainString();
  }
}
