package io.spendwatch.ops.api.stored;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlertCsvTest {

  @Test
  void hasALineForEachAlert() {
    Alert alert =
        new Alert(
            "a1",
            AlertType.CLEARED,
            "e1",
            "=cmd|' /C calc'!\u001BA0",
            null,
            51_629,
            75_452,
            "USD",
            5,
            1_720_799_853_120L,
            1_720_799_853_200L,
            false,
            null,
            AlertCause.EXPIRY,
            Rule.EXPOSURE_24H.applied(),
            new Alert.Source("transactions", 3, 1234));
    assertThat(AlertCsv.text(List.of(alert)))
        .isEqualTo(
            "alertId,type,episodeId,userId,transactionId,exposure,balance,excess,currency,transactions,windowStart,eventTime,detectedAt,late,cause,revealedBy,topic,partition,offset\r\n"
                + "a1,CLEARED,e1,'=cmd|' /C calc'!\\u001BA0,,516.29,754.52,-238.23,USD,5,"
                + "2024-07-11T15:57:33.120Z,2024-07-12T15:57:33.120Z,2024-07-12T15:57:33.200Z,false,EXPIRY,,transactions,3,1234\r\n");
  }
}
