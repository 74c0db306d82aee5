package io.spendwatch.ops.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDate;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class HistorySnapshotTest {
  private static String spans(String... days) {
    return HistorySnapshot.spans(
        Stream.of(days).map(LocalDate::parse).collect(Collectors.toCollection(TreeSet::new)));
  }

  @Test
  void daysThatFollowEachOtherAreOneCondition() {
    assertThat(spans("2026-07-31", "2026-08-01", "2026-08-02"))
        .isEqualTo("event_time >= '2026-07-31T00:00:00Z' AND event_time < '2026-08-03T00:00:00Z'");
  }

  @Test
  void aDayByItselfIsAnother() {
    assertThat(spans("2026-08-03", "2026-07-31", "2026-08-01"))
        .isEqualTo(
            "event_time >= '2026-07-31T00:00:00Z' AND event_time < '2026-08-02T00:00:00Z'"
                + " OR event_time >= '2026-08-03T00:00:00Z'"
                + " AND event_time < '2026-08-04T00:00:00Z'");
  }

  @Test
  void ofNoDayNothingIsCopied() {
    assertThat(spans()).isEqualTo("false");
  }
}
