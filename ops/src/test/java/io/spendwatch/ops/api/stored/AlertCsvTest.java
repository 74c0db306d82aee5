package io.spendwatch.ops.api.stored;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AlertCsvTest {

  @Test
  void hasALineForEachAlert() {
    Alert alert =
        new Alert(
            "a1",
            AlertType.CLEARED,
            "e1",
            "=cmd|' /C calc'!A0",
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
                + "a1,CLEARED,e1,'=cmd|' /C calc'!A0,,516.29,754.52,-238.23,USD,5,"
                + "2024-07-11T15:57:33.120Z,2024-07-12T15:57:33.120Z,2024-07-12T15:57:33.200Z,false,EXPIRY,,transactions,3,1234\r\n");
  }

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
        "` =1`~`' =1`",
        "`\t=1`~`'\t=1`",
        "a,b~`\"a,b\"`",
        "say \"x\"~`\"say \"\"x\"\"\"`",
        "`=a\nb`~`\"'=a\nb\"`",
      })
  void noCellIsAFormula(String text, String cell) {
    assertThat(AlertCsv.cell(text)).isEqualTo(cell);
  }
}
