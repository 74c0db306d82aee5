package io.spendwatch.loadgen.pace;

import java.math.BigDecimal;
import picocli.CommandLine.TypeConversionException;

/** Records per second, more than zero. */
public record Rate(double perSecond) {

  /**
   * Reads {@code 500} or {@code 500/s}.
   *
   * @throws TypeConversionException if it is not such a text
   */
  public static Rate parse(String text) {
    double perSecond;
    try {
      perSecond =
          Double.parseDouble(text.endsWith("/s") ? text.substring(0, text.length() - 2) : text);
    } catch (NumberFormatException e) {
      perSecond = Double.NaN;
    }
    if (!(perSecond > 0 && perSecond <= 1e9)) {
      throw new TypeConversionException(text + " (expected: a rate such as 500/s)");
    }
    return new Rate(perSecond);
  }

  /** As it is read: {@code 500}. */
  @Override
  public String toString() {
    return BigDecimal.valueOf(perSecond).stripTrailingZeros().toPlainString();
  }
}
