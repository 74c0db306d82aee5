package io.spendwatch.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForeignTextTest {
  /** A cleared screen, a forged line, C1's own escape, DEL, a bidi override, separators, a tag. */
  @ParameterizedTest
  @CsvSource({
    "1B, \\u001B",
    "0A, \\u000A",
    "0D, \\u000D",
    "00, \\u0000",
    "7F, \\u007F",
    "9B, \\u009B",
    "202E, \\u202E",
    "2066, \\u2066",
    "200B, \\u200B",
    "2028, \\u2028",
    "2029, \\u2029",
    "FEFF, \\uFEFF",
    "D800, \\uD800",
    "E0041, \\uDB40\\uDC41"
  })
  void escapesWhatATerminalWouldObey(String codePoint, String shown) {
    String text = "a" + Character.toString(Integer.parseInt(codePoint, 16)) + "b";
    assertThat(ForeignText.shown(text)).isEqualTo("a" + shown + "b");
    assertThat(ForeignText.shown(text).codePoints()).noneMatch(ForeignText::isUnsafe);
  }

  @Test
  void leavesEverybodysLettersAlone() {
    String text = "Zoë-Ωμέγα-уд-用户-👍-a b\\c";
    assertThat(ForeignText.shown(text)).isSameAs(text);
  }

  @Test
  void jsonStaysTheSameJson() {
    assertThat(ForeignText.inJson("{\n  \"id\": \"a\u009b2J\u202e\\n\"\r\n}"))
        .isEqualTo("{   \"id\": \"a\\u009B2J\\u202E\\n\"  }");
  }
}
