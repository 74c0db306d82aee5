package io.spendwatch.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.Currency;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class MoneyTest {

  @Property
  void readsBackWhatItWrites(@ForAll long amountMinor) {
    for (String currency : new String[] {"JPY", "USD", "BHD", "CLF"}) {
      assertThat(Money.parseMinor(Money.format(amountMinor, currency), currency))
          .isEqualTo(amountMinor);
    }
  }

  @Property
  void agreesWithBigDecimal(
      @ForAll @StringLength(max = 22) @Chars({'0', '1', '9', '5', '.', '-'}) String text) {
    Long expected = null;
    if (text.matches("-?[0-9]+(\\.[0-9]{1,2})?")) {
      try {
        expected = new BigDecimal(text).movePointRight(2).longValueExact();
      } catch (ArithmeticException tooLarge) {
        expected = null;
      }
    }
    if (expected == null) {
      assertThatThrownBy(() -> Money.parseMinor(text, "USD"))
          .isInstanceOf(IllegalArgumentException.class);
    } else {
      assertThat(Money.parseMinor(text, "USD")).isEqualTo(expected);
    }
  }

  @Property
  void readsAJsonNumberByItsExactValue(
      @ForAll @StringLength(min = 1, max = 22) @Chars({'0', '1', '9', '5'}) String digits,
      @ForAll @IntRange(max = 22) int point,
      @ForAll @IntRange(min = -30, max = 30) int exponent,
      @ForAll boolean negative) {
    String number = negative ? "-" : "";
    number += point < digits.length() ? digits.substring(0, digits.length() - point) : "0";
    number += point == 0 ? "" : "." + digits.substring(Math.max(0, digits.length() - point));
    number += exponent == 0 ? "" : "E" + exponent;
    String text = number;
    Long expected;
    try {
      expected = new BigDecimal(text).movePointRight(3).longValueExact();
    } catch (ArithmeticException doesNotFit) {
      expected = null;
    }
    if (expected == null) {
      assertThatThrownBy(() -> Money.parseNumberMinor(text, "BHD"))
          .isInstanceOf(IllegalArgumentException.class);
    } else {
      assertThat(Money.parseNumberMinor(text, "BHD")).isEqualTo(expected);
    }
  }

  @Property
  void writesADifferenceExactlyEvenBeyond64Bits(@ForAll long aMinor, @ForAll long bMinor) {
    assertThat(new BigDecimal(Money.formatDifference(aMinor, bMinor, "USD")))
        .isEqualTo(
            BigDecimal.valueOf(aMinor).subtract(BigDecimal.valueOf(bMinor)).movePointLeft(2));
  }

  @Test
  void writesTheCurrencysDecimals() {
    assertThat(Money.format(75452, "USD")).isEqualTo("754.52");
    assertThat(Money.format(-5, "USD")).isEqualTo("-0.05");
    assertThat(Money.format(0, "USD")).isEqualTo("0.00");
    assertThat(Money.format(75452, "JPY")).isEqualTo("75452");
    assertThat(Money.format(5, "BHD")).isEqualTo("0.005");
    assertThat(Money.format(Long.MIN_VALUE, "USD")).isEqualTo("-92233720368547758.08");
  }

  @Test
  void knowsTheSameCurrenciesOnEveryJdk() {
    // ISO 4217's 165 of 2026-09-17 with a minor unit, and 54 that it has withdrawn.
    assertThat(Money.currencies()).hasSize(219).contains("USD", "XAD", "UYW", "DEM", "BGN", "ZWL");
    assertThat(Money.fractionDigits("UYW")).isEqualTo(4);
    assertThat(Money.fractionDigits("ITL")).isZero();
    assertThat(Money.isCurrency("XXX")).isFalse();
    assertThat(Money.isCurrency("XAU")).isFalse();
    for (Currency known : Currency.getAvailableCurrencies()) {
      if (Money.isCurrency(known.getCurrencyCode())) {
        assertThat(Money.fractionDigits(known.getCurrencyCode()))
            .as(known.getCurrencyCode())
            .isEqualTo(known.getDefaultFractionDigits());
      }
    }
  }

  @Test
  void saysWhatIsWrong() {
    assertThatThrownBy(() -> Money.parseMinor("1.234", "USD")).hasMessageContaining("at most 2");
    assertThatThrownBy(() -> Money.parseMinor("1e3", "USD")).hasMessageContaining("plain decimal");
    assertThatThrownBy(() -> Money.parseMinor("92233720368547758.08", "USD"))
        .hasMessageContaining("64-bit");
    assertThatThrownBy(() -> Money.format(1, "XXX")).hasMessageContaining("XXX");
  }
}
