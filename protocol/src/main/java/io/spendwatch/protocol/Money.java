package io.spendwatch.protocol;

import java.math.BigDecimal;
import java.util.Currency;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Minor units of a currency and their decimal text: exact both ways, never through floating point.
 * Stateless and safe for use by many threads.
 */
public final class Money {

  private static final Map<String, Integer> FRACTION_DIGITS =
      Currency.getAvailableCurrencies().stream()
          .filter(currency -> currency.getDefaultFractionDigits() >= 0)
          .collect(
              Collectors.toUnmodifiableMap(
                  Currency::getCurrencyCode, Currency::getDefaultFractionDigits));

  private Money() {}

  /**
   * Whether this is an ISO 4217 code (upper case) with a minor unit, so that amounts can be kept.
   */
  public static boolean isCurrency(String currency) {
    return FRACTION_DIGITS.containsKey(currency);
  }

  /**
   * How many decimals amounts of this currency have.
   *
   * @throws IllegalArgumentException for a code that is not a {@linkplain #isCurrency currency}
   */
  public static int fractionDigits(String currency) {
    Integer digits = FRACTION_DIGITS.get(currency);
    if (digits == null) {
      throw new IllegalArgumentException("unknown currency " + currency);
    }
    return digits;
  }

  /**
   * Reads plain decimal notation, {@code -?[0-9]+(\.[0-9]+)?}, as minor units. Linear in the length
   * of the text: an exponent is refused, not evaluated.
   *
   * @throws IllegalArgumentException if the text is not of that form, has more decimals than the
   *     currency (zeros count too), or does not fit 64 bits; the message says which
   */
  public static long parseMinor(String decimal, String currency) {
    int fractionDigits = fractionDigits(currency);
    int start = decimal.startsWith("-") ? 1 : 0;
    int point = decimal.indexOf('.');
    int wholeEnd = point < 0 ? decimal.length() : point;
    int decimals = point < 0 ? 0 : decimal.length() - point - 1;
    if (wholeEnd == start || (point >= 0 && decimals == 0)) {
      throw notDecimal();
    }
    try {
      // Negative on the way, because the negative half of a long reaches one further.
      long negativeMinor = accumulate(0, decimal, start, wholeEnd);
      if (point >= 0) {
        negativeMinor = accumulate(negativeMinor, decimal, point + 1, decimal.length());
      }
      if (decimals > fractionDigits) {
        throw new IllegalArgumentException(
            decimals + " decimals (expected: at most " + fractionDigits + " in " + currency + ")");
      }
      for (int i = decimals; i < fractionDigits; i++) {
        negativeMinor = Math.multiplyExact(negativeMinor, 10L);
      }
      return start == 1 ? negativeMinor : Math.negateExact(negativeMinor);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("does not fit 64-bit minor units", e);
    }
  }

  private static long accumulate(long negativeMinor, String decimal, int from, int to) {
    long result = negativeMinor;
    for (int i = from; i < to; i++) {
      int digit = decimal.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw notDecimal();
      }
      result = Math.subtractExact(Math.multiplyExact(result, 10L), digit);
    }
    return result;
  }

  private static IllegalArgumentException notDecimal() {
    return new IllegalArgumentException("not a plain decimal (expected: digits, such as 12.50)");
  }

  /**
   * Writes minor units with exactly the currency's decimals: {@code 75452} USD is {@code 754.52}.
   *
   * @throws IllegalArgumentException for an unknown currency
   */
  public static String format(long amountMinor, String currency) {
    return BigDecimal.valueOf(amountMinor, fractionDigits(currency)).toPlainString();
  }

  /**
   * Writes {@code a − b} with exactly the currency's decimals, also where the difference overflows
   * a long.
   *
   * @throws IllegalArgumentException for an unknown currency
   */
  public static String formatDifference(long aMinor, long bMinor, String currency) {
    int digits = fractionDigits(currency);
    return BigDecimal.valueOf(aMinor, digits)
        .subtract(BigDecimal.valueOf(bMinor, digits))
        .toPlainString();
  }
}
