package io.spendwatch.loadgen.pace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ScheduleTest {

  private static final double SECOND = 1e9;

  @Test
  void spacesRecordsEvenlyAtOneRate() {
    var schedule = schedule(500, 500, 10);

    assertThat(schedule.records()).isEqualTo(5_000);
    assertThat(schedule.offsetNanos(0)).isZero();
    assertThat(schedule.offsetNanos(1)).isEqualTo(2_000_000);
    assertThat(schedule.offsetNanos(4_999)).isEqualTo(9_998_000_000L);
  }

  @Test
  void growsFromOneRateToTheOther() {
    var schedule = schedule(100, 300, 10);

    assertThat(schedule.records()).isEqualTo(2_000);
    // After half the time 100 · 5 + 20/2 · 25 records.
    assertThat(schedule.offsetNanos(750) / SECOND).isCloseTo(5, within(1e-6));
    assertThat(schedule.offsetNanos(2_000) / SECOND).isCloseTo(10, within(1e-6));
    assertThat((schedule.offsetNanos(1) - schedule.offsetNanos(0)) / SECOND)
        .isCloseTo(1 / 100.0, within(1e-4));
    assertThat((schedule.offsetNanos(2_000) - schedule.offsetNanos(1_999)) / SECOND)
        .isCloseTo(1 / 300.0, within(1e-4));
  }

  @Test
  void fallsFromOneRateToTheOther() {
    var schedule = schedule(300, 100, 10);

    assertThat(schedule.records()).isEqualTo(2_000);
    assertThat(schedule.offsetNanos(1_250) / SECOND).isCloseTo(5, within(1e-6));
    assertThat(schedule.offsetNanos(2_000) / SECOND).isCloseTo(10, within(1e-6));
  }

  @Test
  void neverGoesBack() {
    var schedule = schedule(1, 1_000_000, 1);
    long before = -1;
    for (long i = 0; i < schedule.records(); i++) {
      long offsetNanos = schedule.offsetNanos(i);
      assertThat(offsetNanos).isGreaterThanOrEqualTo(before);
      before = offsetNanos;
    }
  }

  private static Schedule schedule(double from, double to, int seconds) {
    return new Schedule(new Rate(from), new Rate(to), Duration.ofSeconds(seconds));
  }
}
