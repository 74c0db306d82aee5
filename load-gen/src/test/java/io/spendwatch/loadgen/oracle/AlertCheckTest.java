package io.spendwatch.loadgen.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.loadgen.oracle.AlertCheck.Row;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCause;
import io.spendwatch.protocol.AlertType;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AlertCheckTest {

  private static final long MILLI = 1_000_000;

  /** Not zero: instants of this clock have no epoch. */
  private static final long START_NANOS = -7 * MILLI;

  private final AlertCheck check = new AlertCheck("run");

  @Test
  void isExactWhenEachExpectedOneIsThereOnce() {
    check.expect(KnownAlert.of(raised("run-drip-0", "t1")), START_NANOS);
    check.expect(KnownAlert.of(cleared("run-drip-0", "t2")), START_NANOS + 10 * MILLI);
    assertThat(check.outstanding()).isEqualTo(2);

    check.seen(raised("run-drip-0", "t1"), START_NANOS + 5 * MILLI);
    check.seen(cleared("run-drip-0", "t2"), START_NANOS + 30 * MILLI);

    assertThat(check.outstanding()).isZero();
    Row row = rows().get("drip");
    assertThat(row.isExact()).isTrue();
    assertThat(row.expected()).isEqualTo(2);
    assertThat(row.seen()).isEqualTo(2);
    assertThat(row.latencyMicros().getValueAtPercentile(50)).isBetween(4_990L, 5_010L);
    assertThat(row.latencyMicros().getMaxValue()).isBetween(19_980L, 20_020L);
  }

  @Test
  void findsTheMissingOnes() {
    check.expect(KnownAlert.of(raised("run-drip-0", "t1")), START_NANOS);
    check.expect(KnownAlert.of(raised("run-late-reveal-1", "t2")), START_NANOS);
    check.seen(raised("run-drip-0", "t1"), START_NANOS);

    assertThat(rows().get("drip").isExact()).isTrue();
    assertThat(rows().get("late-reveal").missed()).isEqualTo(1);
    assertThat(check.report().total().isExact()).isFalse();
    assertThat(check.report().missedExamples())
        .containsExactly(KnownAlert.of(raised("run-late-reveal-1", "t2")));
  }

  @Test
  void whatIsNotDecidedYetIsNotMissed() {
    check.expect(KnownAlert.of(raised("run-drip-0", "t1")), START_NANOS);
    check.expect(KnownAlert.of(raised("run-drip-1", "t2")), START_NANOS);

    AlertCheck.Report report = check.report("run-drip-1"::equals);

    assertThat(report.undecided()).isEqualTo(1);
    assertThat(report.total().missed()).isEqualTo(1);
    assertThat(report.total().isExact()).isFalse();
    assertThat(report.missedExamples()).containsExactly(KnownAlert.of(raised("run-drip-0", "t1")));
  }

  @Test
  void findsThoseThatNobodyExpects() {
    check.seen(raised("run-at-limit-3", "t1"), START_NANOS);
    check.seen(raised("run-u17", "t2"), START_NANOS);

    assertThat(rows().get("at-limit").extra()).isEqualTo(1);
    assertThat(rows().get(AlertCheck.BACKGROUND).extra()).isEqualTo(1);
    assertThat(check.report().total().extra()).isEqualTo(2);
    assertThat(check.report().extraExamples()).hasSize(2);
  }

  @Test
  void findsThoseThatAreThereTwice() {
    check.expect(KnownAlert.of(raised("run-drip-0", "t1")), START_NANOS);
    check.seen(raised("run-drip-0", "t1"), START_NANOS);
    check.seen(raised("run-drip-0", "t1"), START_NANOS);

    assertThat(rows().get("drip").doubled()).isEqualTo(1);
    assertThat(rows().get("drip").isExact()).isFalse();
    assertThat(rows().get("drip").latencyMicros().getTotalCount()).isEqualTo(1);
  }

  @Test
  void takesOneWithAnotherFigureForAnotherOne() {
    check.expect(KnownAlert.of(raised("run-drip-0", "t1")), START_NANOS);
    check.seen(alert("run-drip-0", "t1", AlertType.RAISED, 102, true, null), START_NANOS);

    assertThat(rows().get("drip").missed()).isEqualTo(1);
    assertThat(rows().get("drip").extra()).isEqualTo(1);
  }

  @Test
  void ignoresOtherRuns() {
    check.seen(raised("run2-drip-0", "t1"), START_NANOS);
    check.seen(raised("somebody", "t1"), START_NANOS);

    assertThat(check.report().rows()).isEmpty();
    assertThat(check.report().total().isExact()).isTrue();
  }

  @Test
  void refusesToExpectTheSameTwice() {
    check.expect(KnownAlert.of(raised("run-drip-0", "t1")), START_NANOS);

    assertThatThrownBy(() -> check.expect(KnownAlert.of(raised("run-drip-0", "t1")), START_NANOS))
        .isInstanceOf(IllegalStateException.class);
  }

  private Map<String, Row> rows() {
    return check.report().rows().stream()
        .collect(Collectors.toMap(Row::scenario, Function.identity()));
  }

  private static Alert raised(String userId, String transactionId) {
    return alert(userId, transactionId, AlertType.RAISED, 102, false, null);
  }

  private static Alert cleared(String userId, String transactionId) {
    return alert(userId, transactionId, AlertType.CLEARED, 0, false, AlertCause.REFUND);
  }

  private static Alert alert(
      String userId,
      String transactionId,
      AlertType type,
      long exposureMinor,
      boolean late,
      AlertCause cause) {
    return new Alert(
        "a-" + transactionId,
        type,
        "e",
        userId,
        transactionId,
        exposureMinor,
        100,
        "USD",
        3,
        1_000,
        2_000,
        late,
        null,
        cause,
        new Alert.AppliedRule("exposure-24h", 1, 86_400_000),
        new Alert.Source("transactions", 0, 1));
  }
}
