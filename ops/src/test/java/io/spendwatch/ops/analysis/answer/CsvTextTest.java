package io.spendwatch.ops.analysis.answer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvTextTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "u-1~u-1",
        "=1+1~'=1+1",
        "+49~'+49",
        "-1~'-1",
        "@SUM(A1)~'@SUM(A1)",
        "\uFF1D1+1~'\uFF1D1+1",
        "` =1`~`' =1`",
        "\u00A0=1~`'\u00A0=1`",
        "a,b~`\"a,b\"`",
        "say \"x\"~`\"say \"\"x\"\"\"`",
        "` u1 `~`\" u1 \"`",
      })
  void noFieldIsAFormula(String text, String field) {
    assertThat(CsvText.field(text)).isEqualTo(field);
  }

  /** It stays one line, and nobody's terminal is cleared by it or reads it backwards. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "`\u001B[2Ju1`~\\u001B[2Ju1",
        "`a\nb`~a\\u000Ab",
        "`\t=1`~\\u0009=1",
        "`=a\r\nb`~'=a\\u000D\\u000Ab",
        "`u\u202E1`~u\\u202E1",
      })
  void whatATerminalWouldObeyIsEscaped(String text, String field) {
    assertThat(CsvText.field(text)).isEqualTo(field);
  }

  @Test
  void nothingIsAnEmptyField() {
    assertThat(CsvText.field(null)).isEmpty();
    assertThat(CsvText.field("")).isEmpty();
  }
}
