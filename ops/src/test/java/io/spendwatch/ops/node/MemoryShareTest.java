package io.spendwatch.ops.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.errors.OperatorException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryShareTest {
  @ParameterizedTest
  @CsvSource({"40 %, 400", "12.5%, 125", "100%, 1000", "300, 300", "1 kB, 1000"})
  void isASizeOrAPart(String value, long bytes) {
    assertThat(MemoryShare.bytes("m", value, 1000)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0 %", "101 %", "-1 %", "much", "x%", "", "2 kB", "0"})
  void saysWhatIsExpected(String value) {
    assertThatThrownBy(() -> MemoryShare.bytes("the.setting", value, 1000))
        .isInstanceOf(OperatorException.class)
        .hasMessageContaining("the.setting: " + value + " (expected: a size");
  }
}
