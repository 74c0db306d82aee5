package io.spendwatch.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
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
  void saysWhatIsWrong() {
    assertThatThrownBy(() -> Money.parseMinor("1.234", "USD")).hasMessageContaining("at most 2");
    assertThatThrownBy(() -> Money.parseMinor("1e3", "USD")).hasMessageContaining("plain decimal");
    assertThatThrownBy(() -> Money.parseMinor("92233720368547758.08", "USD"))
        .hasMessageContaining("64-bit");
    assertThatThrownBy(() -> Money.format(1, "XXX")).hasMessageContaining("XXX");
  }
}
