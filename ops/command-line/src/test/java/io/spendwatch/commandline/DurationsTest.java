package io.spendwatch.commandline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({
    "500ms,PT0.5S",
    "30s,PT30S",
    "5m,PT5M",
    "2h,PT2H",
    "3d,PT72H",
    "PT1M,PT1M",
    "p1dt1s,PT24H1S",
    "1m30s,PT1M30S",
    "1H 30M,PT1H30M",
    "1.5h,PT1H30M",
    "0s,PT0S",
    "250us,PT0.00025S",
    "7 nanoseconds,PT0.000000007S",
    "1 hour,PT1H",
    "30 seconds,PT30S",
  })
  void readsWhatSettingsHaveToo(String text, Duration duration) {
    assertThat(Durations.parse(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "5",
        "-5s",
        "s",
        "ms",
        "PT",
        "-PT5S",
        "PT-5S",
        "1y",
        "5s!",
        "!5s",
        "1s30",
        "1.s",
        "٥s",
        "9999999999999999999s",
        "107000d",
        "PT9999999999999S"
      })
  void refusesTheRest(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage(text + " (expected: a duration such as 500ms, 30s, 5m or 24h)");
  }
}
