package io.spendwatch.ops.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import org.junit.jupiter.api.Test;

class AlertTextTest {
  @Test
  void saysWhoSpentHowMuchAgainstWhat() {
    assertThat(spacesAsOne(alert(AlertType.RAISED, null, true)))
        .isEqualTo(
            "2024-07-12 15:57:33.120Z RAISED user 42 spent 754.52 USD in 24 h balance 516.29 exceeds by 238.23 (late)");
    assertThat(spacesAsOne(alert(AlertType.CLEARED, AlertCause.REFUND, false)))
        .endsWith("balance 516.29 ended by a refund");
  }

  private static String spacesAsOne(Alert alert) {
    return AlertText.line(alert).replaceAll(" +", " ");
  }

  private static Alert alert(AlertType type, AlertCause cause, boolean late) {
    return new Alert(
        "a",
        type,
        "e",
        "42",
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
