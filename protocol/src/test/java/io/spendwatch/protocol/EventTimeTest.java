package io.spendwatch.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class EventTimeTest {

  private static final long YEAR_10000_MS = 253_402_300_800_000L;

  @Property
  void readsBackWhatItWrites(@ForAll @LongRange(min = 0, max = YEAR_10000_MS - 1) long epochMs) {
    String text = EventTime.format(epochMs);

    assertThat(text).hasSize(24).endsWith("Z");
    assertThat(Instant.parse(text).toEpochMilli()).isEqualTo(epochMs);
    assertThat(EventTime.parseMs(text)).isEqualTo(epochMs);
  }

  /** Every combination in reach of a mistyped digit: both accept the same and read the same. */
  @Property(tries = 10_000)
  void agreesWithJavaTimeOnTheCommonForm(
      @ForAll @IntRange(min = 1960, max = 2110) int year,
      @ForAll @IntRange(max = 13) int month,
      @ForAll @IntRange(max = 32) int day,
      @ForAll @IntRange(max = 25) int hour,
      @ForAll @IntRange(max = 61) int minute,
      @ForAll @IntRange(max = 61) int second) {
    String text =
        String.format("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute, second);
    long expectedMs;
    try {
      expectedMs =
          OffsetDateTime.parse(text, DateTimeFormatter.ISO_OFFSET_DATE_TIME)
              .toInstant()
              .toEpochMilli();
    } catch (DateTimeException e) {
      assertThatThrownBy(() -> EventTime.parseMs(text)).isInstanceOf(DateTimeException.class);
      return;
    }
    assertThat(EventTime.parseMs(text)).isEqualTo(expectedMs);
    assertThat(EventTime.parseMs(text.replace("Z", ".007Z"))).isEqualTo(expectedMs + 7);
  }

  @Property
  void agreesWithJavaTimeOnOffsetsAndFractions(
      @ForAll @LongRange(min = 0, max = YEAR_10000_MS - 100_000_000) long epochMs,
      @ForAll @IntRange(max = 999_999) int nanos,
      @ForAll @IntRange(min = -18 * 60, max = 18 * 60) int offsetMinutes) {
    String text =
        Instant.ofEpochMilli(epochMs)
            .plus(nanos, ChronoUnit.NANOS)
            .atOffset(ZoneOffset.ofTotalSeconds(offsetMinutes * 60))
            .toString();

    assertThat(EventTime.parseMs(text)).isEqualTo(epochMs);
  }

  @Test
  void knowsTheEndsOfMonths() {
    assertThat(EventTime.parseMs("2024-02-29T00:00:00Z"))
        .isEqualTo(Instant.parse("2024-02-29T00:00:00Z").toEpochMilli());
    assertThatThrownBy(() -> EventTime.parseMs("2100-02-29T00:00:00Z"))
        .isInstanceOf(DateTimeException.class);
    assertThatThrownBy(() -> EventTime.parseMs("2024-04-31T00:00:00Z"))
        .isInstanceOf(DateTimeException.class);
  }

  @Test
  void cutsTowardsThePastBefore1970Too() {
    assertThat(EventTime.parseMs("1969-12-31T23:59:59.9999Z")).isEqualTo(-1);
  }
}
