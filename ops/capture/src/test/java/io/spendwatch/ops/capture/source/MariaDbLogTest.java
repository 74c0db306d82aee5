package io.spendwatch.ops.capture.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class MariaDbLogTest {

  /** What it stands in would be read again. */
  @Test
  void aHeartbeatIsAPlaceBetweenTransactionsOnlyAndPastTheLastOne() {
    Map<String, Object> within = Map.of("gtids", "0-1-7", "event", 3L, "row", 1L);
    assertThat(MariaDbLog.isExact(within, false, Map.of())).isTrue();
    assertThat(MariaDbLog.isExact(Map.of("gtids", "0-1-7", "event", 4L), true, within)).isFalse();
    assertThat(MariaDbLog.isExact(Map.of("gtids", "0-1-7"), true, within))
        .as("the beginning of a transaction that was read in part")
        .isFalse();
    assertThat(MariaDbLog.isExact(Map.of("gtids", "0-1-8"), true, within)).isTrue();
  }

  @Test
  void ofEachDomainTheGreatestNumberCountsWhicheverServerGaveIt() {
    assertThat(MariaDbLog.transactions("0-1-7,0-2-9,3-1-4")).isEqualTo(Map.of("0", 9L, "3", 4L));
    assertThat(MariaDbLog.transactions(null)).as("a server that gives none").isEmpty();
  }
}
