package io.spendwatch.ops.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.ForeignText;
import org.junit.jupiter.api.Test;

class AlertTextTest {
  @Test
  void saysWhoSpentHowMuchAgainstWhat() {
    assertThat(spacesAsOne(alert(AlertType.RAISED, null, true, "42")))
        .isEqualTo(
            "2024-07-12 15:57:33.120Z RAISED ecbe6a07-be35 user 42 spent 754.52 USD in 24 h balance 516.29 exceeds by 238.23 (late)");
    assertThat(spacesAsOne(alert(AlertType.CLEARED, AlertCause.REFUND, false, "42")))
        .endsWith("balance 516.29 ended by a refund");
  }

  @Test
  void whatAUserIsCalledForgesNoLineAndMovesNoCursor() {
    String id = "1\n2024-07-12 15:57:33.120Z  RAISED   user 7\u001b[2J\u009b2J\u202e";
    assertThat(AlertText.line(alert(AlertType.RAISED, null, false, id)))
        .contains("1\\u000A2024-07-12", "7\\u001B[2J\\u009B2J\\u202E")
        .satisfies(line -> assertThat(line.codePoints()).noneMatch(ForeignText::isUnsafe));
  }

  private static String spacesAsOne(Alert alert) {
    return AlertText.line(alert).replaceAll(" +", " ");
  }

  private static Alert alert(AlertType type, AlertCause cause, boolean late, String userId) {
    return new Alert(
        "ecbe6a07-be35-82fc-89c4-60aabe338a57",
        type,
        "e",
        userId,
        "tx-1",
        75_452,
        51_629,
        "USD",
        5,
        1_720_799_853_120L,
        0,
        late,
        null,
        cause,
        new Alert.Source("transactions", 3, 1234));
  }
}
