package io.spendwatch.protocol;

import java.math.BigDecimal;
import java.util.Set;

/**
 * Minor units of a currency and their decimal text: exact both ways, never through floating point.
 * Stateless and safe for use by many threads.
 */
public final class Money {

  /** No 64-bit number has more digits: as many zeros as an exponent can add to one that fits. */
  private static final int LONG_DIGITS_MAX = 19;

  /** Exponents are counted up to here; far more than a text of any size that is read has digits. */
  private static final long EXPONENT_MAX = 1_000_000_000_000L;

  private Money() {}

  /**
   * Whether this is an ISO 4217 code (upper case) with a minor unit, so that amounts can be kept.
   * Codes that ISO 4217 has withdrawn since 2000 are among them. The same on every JDK.
   */
  public static boolean isCurrency(String currency) {
    return Currencies.FRACTION_DIGITS.containsKey(currency);
  }

  /** Every code that {@link #isCurrency} accepts; unmodifiable, in no order. */
  public static Set<String> currencies() {
    return Currencies.FRACTION_DIGITS.keySet();
  }

  /**
   * How many decimals amounts of this currency have.
   *
   * @throws IllegalArgumentException for a code that is not a {@linkplain #isCurrency currency}
   */
  public static int fractionDigits(String currency) {
    Integer digits = Currencies.FRACTION_DIGITS.get(currency);
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
      throw doesNotFit(e);
    }
  }

  /**
   * Reads a number in JSON's notation by its exact value, as minor units: {@code 1E+2}, {@code
   * 100.00E0} and {@code 100.0000} are the same amount. Linear in the length of the text, whatever
   * the exponent.
   *
   * @param number as JSON's grammar has it; other text is not recognised as wrong
   * @throws IllegalArgumentException if the value has more decimals than the currency or does not
   *     fit 64 bits; the message says which
   */
  static long parseNumberMinor(String number, String currency) {
    int start = number.startsWith("-") ? 1 : 0;
    int mantissaEnd = start;
    int decimals = 0;
    boolean afterPoint = false;
    var digits = new StringBuilder(number.length());
    for (; mantissaEnd < number.length(); mantissaEnd++) {
      char c = number.charAt(mantissaEnd);
      if (c == 'e' || c == 'E') {
        break;
      } else if (c == '.') {
        afterPoint = true;
      } else {
        digits.append(c);
        decimals += afterPoint ? 1 : 0;
      }
    }
    int first = 0;
    int end = digits.length();
    while (first < end && digits.charAt(first) == '0') {
      first++;
    }
    while (end > first && digits.charAt(end - 1) == '0') {
      end--;
    }
    if (first == end) {
      return 0;
    }
    // The value is digits[first, end) · 10^power.
    long power = exponent(number, mantissaEnd) - decimals + (digits.length() - end);
    int fractionDigits = fractionDigits(currency);
    if (-power > fractionDigits) {
      throw new IllegalArgumentException(
          -power + " decimals (expected: at most " + fractionDigits + " in " + currency + ")");
    }
    try {
      if (end - first > LONG_DIGITS_MAX || power + fractionDigits > LONG_DIGITS_MAX) {
        throw new ArithmeticException("more digits than a long has");
      }
      long negativeMinor = accumulate(0, digits, first, end);
      for (long i = 0; i < power + fractionDigits; i++) {
        negativeMinor = Math.multiplyExact(negativeMinor, 10L);
      }
      return start == 1 ? negativeMinor : Math.negateExact(negativeMinor);
    } catch (ArithmeticException e) {
      throw doesNotFit(e);
    }
  }

  /** The exponent that begins with an e at this index, or 0; as far as it matters. */
  private static long exponent(String number, int at) {
    if (at >= number.length()) {
      return 0;
    }
    int from = at + 1;
    char sign = number.charAt(from);
    if (sign == '-' || sign == '+') {
      from++;
    }
    long exponent = 0;
    for (int i = from; i < number.length(); i++) {
      exponent = Math.min(exponent * 10 + (number.charAt(i) - '0'), EXPONENT_MAX);
    }
    return sign == '-' ? -exponent : exponent;
  }

  private static long accumulate(long negativeMinor, CharSequence decimal, int from, int to) {
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

  private static IllegalArgumentException doesNotFit(ArithmeticException cause) {
    return new IllegalArgumentException("does not fit 64-bit minor units", cause);
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
