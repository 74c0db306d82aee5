package io.spendwatch.ops.capture.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class PostgresLogTest {

  /** The slot may be as far as any of them says, and then has lost nothing. */
  @Test
  void theFarthestPlaceOfAnOffsetCounts() {
    assertThat(PostgresLog.lsn(Map.of("lsn", 5L, "lsn_proc", 7L, "lsn_commit", 6L))).isEqualTo(7L);
    assertThat(PostgresLog.lsn(Map.of("lsn", 5L))).isEqualTo(5L);
    assertThat(PostgresLog.lsn(Map.of("ts_usec", 9L))).isNull();
  }

  @Test
  void placesAreShownAsTheServerShowsThem() {
    assertThat(PostgresLog.lsnText(0x16_B374_D848L)).isEqualTo("16/B374D848");
    assertThat(PostgresLog.lsnText(0)).isEqualTo("0/0");
  }
}
