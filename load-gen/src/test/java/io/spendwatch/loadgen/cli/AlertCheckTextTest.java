package io.spendwatch.loadgen.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.oracle.AlertCheck.Report;
import io.spendwatch.loadgen.oracle.AlertCheck.Row;
import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.workload.Scenario;
import io.spendwatch.protocol.AlertType;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class AlertCheckTextTest {

  private static final KnownAlert ALERT =
      new KnownAlert(AlertType.RAISED, "run-drip-0", "run-7", 1_000, 102, 100, false, null);

  @Test
  void hasARowForEachScenarioAndForWhatNobodyExpects() {
    Row drip = row("drip", 1_000, 998, 2, 0);
    Row background = row(AlertCheck.BACKGROUND, 0, 0, 0, 1);
    Row all = row("all", 1_000, 998, 2, 1);
    var report = new Report(List.of(background, drip), all, List.of(ALERT), List.of(), 0);

    List<String> lines =
        AlertCheckText.of(report, List.of(Scenario.DRIP, Scenario.AT_LIMIT)).lines().toList();

    assertThat(lines.stream().map(line -> line.replaceAll(" +", " ")))
        .containsExactly(
            "scenario (ms) expected seen missed extra doubled p50 p99 p99.9 max",
            "at-limit 0 0 0 0 0 - - - -",
            "background 0 0 0 1 0 - - - -",
            "drip 1,000 998 2 0 0 5.0 5.0 5.0 5.0",
            "all 1,000 998 2 1 0 5.0 5.0 5.0 5.0",
            "missed: " + ALERT);
    assertThat(AlertCheckText.summary(report)).isEqualTo(", 2 MISSED, 1 EXTRA, 0 DOUBLED");
    assertThat(AlertCheckText.summary(report(row("all", 9, 9, 0, 0), 0)))
        .isEqualTo(", all seen, no others");
  }

  @Test
  void tellsWhatIsNotDecidedYetFromWhatIsMissed() {
    Report report = report(row("all", 9, 5, 1, 0), 3);

    assertThat(AlertCheckText.of(report, List.of()))
        .contains("not yet decided: 3 of the expected, whose partitions have records to go");
    assertThat(AlertCheckText.summary(report))
        .isEqualTo(", 3 NOT YET DECIDED, 1 MISSED, 0 EXTRA, 0 DOUBLED");
  }

  private static Report report(Row total, long undecided) {
    return new Report(List.of(), total, List.of(), List.of(), undecided);
  }

  private static Row row(String scenario, long expected, long seen, long missed, long extra) {
    var latencyMicros = new Histogram(3);
    if (seen > 0) {
      latencyMicros.recordValueWithCount(5_000, seen);
    }
    return new Row(scenario, expected, seen, missed, extra, 0, latencyMicros);
  }
}
