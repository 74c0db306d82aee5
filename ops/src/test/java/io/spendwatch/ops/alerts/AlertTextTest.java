package io.spendwatch.ops.alerts;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.ForeignText;
import org.junit.jupiter.api.Test;

class AlertTextTest {
  @Test
  void aLineFitsEightyColumns() {
    assertThat(line(80, alert(AlertType.RAISED, null, true, "42")))
        .isEqualTo(
            "2024-07-12 15:57:33Z RAISED  ecbe6a07-be35 42            over by 238.23 USD late");
    assertThat(line(80, alert(AlertType.CLEARED, AlertCause.REFUND, false, "42")))
        .isEqualTo("2024-07-12 15:57:33Z CLEARED ecbe6a07-be35 42                 by a refund");
    assertThat(line(80, alert(AlertType.RAISED, null, true, "live-mx0b8plq-late-rev")))
        .hasSize(80)
        .endsWith(" live-mx0b8…-late-rev +238.23 USD late");
    assertThat(line(80, alert(AlertType.RAISED, null, true, "u".repeat(200))))
        .hasSize(80)
        .contains("uuu…uuu", "u +238.23 USD late");
  }

  @Test
  void widerTerminalsHaveTheSums() {
    assertThat(line(104, alert(AlertType.RAISED, null, false, "42")).replaceAll(" +", " "))
        .isEqualTo(
            "2024-07-12 15:57:33Z RAISED ecbe6a07-be35 42 754.52 of 516.29 over by 238.23 USD");
    assertThat(line(144, alert(AlertType.RAISED, null, true, "42")).replaceAll(" +", " "))
        .isEqualTo(
            "2024-07-12 15:57:33.120Z RAISED ecbe6a07-be35 42 spent 754.52 USD in 24 h, balance 516.29 over by 238.23 USD late");
  }

  @Test
  void theTypeHasAColourWhereColoursAreWanted() {
    Alert raised = alert(AlertType.RAISED, null, false, "42");
    assertThat(AlertText.line(raised, new Terminal(true, 80, true)))
        .contains("\u001b[31mRAISED \u001b[0m");
    assertThat(AlertText.line(raised, new Terminal(true, 80, false))).doesNotContain("\u001b");
  }

  @Test
  void whatAUserIsCalledForgesNoLineAndMovesNoCursor() {
    String id = "1\n2024-07-12 15:57:33.120Z  RAISED   user 7\u001b[2J\u009b2J\u202e";
    assertThat(line(200, alert(AlertType.RAISED, null, false, id)))
        .contains("1\\u000A2024-07-12", "7\\u001B[2J\\u009B2J\\u202E")
        .satisfies(line -> assertThat(line.codePoints()).noneMatch(ForeignText::isUnsafe));
  }

  private static String line(int columns, Alert alert) {
    return AlertText.line(alert, new Terminal(true, columns, false));
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
        Rule.EXPOSURE_24H.applied(),
        new Alert.Source("transactions", 3, 1234));
  }
}
