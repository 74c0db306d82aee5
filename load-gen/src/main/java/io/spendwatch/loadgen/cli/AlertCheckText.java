package io.spendwatch.loadgen.cli;

import io.spendwatch.loadgen.dataset.DataSet;
import io.spendwatch.loadgen.oracle.AlertCheck;
import io.spendwatch.loadgen.oracle.AlertCheck.Report;
import io.spendwatch.loadgen.oracle.AlertCheck.Row;
import io.spendwatch.loadgen.workload.Scenario;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/** An {@link AlertCheck} for people to read. */
final class AlertCheckText {

  /** Columns of a file of known alerts. */
  static final String HEADER = DataSet.ALERTS_HEADER + ",late,scenario";

  private static final String COLUMNS = "%-20s %9s %9s %7s %7s %8s %9s %9s %9s %9s";

  private AlertCheckText() {}

  /**
   * A table, and examples of what is wrong.
   *
   * @param scenarios have a row each, also without alerts
   */
  static String of(Report report, List<Scenario> scenarios) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            COLUMNS,
            "scenario (ms)",
            "expected",
            "seen",
            "missed",
            "extra",
            "doubled",
            "p50",
            "p99",
            "p99.9",
            "max"));
    Map<String, Row> rows = new TreeMap<>();
    scenarios.forEach(scenario -> rows.put(scenario.label(), none(scenario.label())));
    report.rows().forEach(row -> rows.put(row.scenario(), row));
    rows.values().forEach(row -> lines.add(line(row)));
    lines.add(line(report.total()));
    if (report.undecided() > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "not yet decided: %,d of the expected, whose partitions have records to go",
              report.undecided()));
    }
    report.missedExamples().forEach(alert -> lines.add("missed: " + alert));
    report.extraExamples().forEach(alert -> lines.add("extra: " + alert));
    return String.join(System.lineSeparator(), lines);
  }

  /** The end of a line that begins with how many are expected. */
  static String summary(Report report) {
    Row total = report.total();
    return total.isExact()
        ? ", all seen, no others"
        : String.format(
            Locale.ROOT,
            ",%s %,d MISSED, %,d EXTRA, %,d DOUBLED",
            report.undecided() == 0
                ? ""
                : String.format(Locale.ROOT, " %,d NOT YET DECIDED,", report.undecided()),
            total.missed(),
            total.extra(),
            total.doubled());
  }

  private static Row none(String scenario) {
    return new Row(scenario, 0, 0, 0, 0, 0, new Histogram(1));
  }

  private static String line(Row row) {
    return String.format(
        Locale.ROOT,
        COLUMNS,
        row.scenario(),
        String.format(Locale.ROOT, "%,d", row.expected()),
        String.format(Locale.ROOT, "%,d", row.seen()),
        String.format(Locale.ROOT, "%,d", row.missed()),
        String.format(Locale.ROOT, "%,d", row.extra()),
        String.format(Locale.ROOT, "%,d", row.doubled()),
        millis(row, 50),
        millis(row, 99),
        millis(row, 99.9),
        millis(row, 100));
  }

  private static String millis(Row row, double percentile) {
    return row.seen() == 0
        ? "-"
        : String.format(
            Locale.ROOT, "%.1f", row.latencyMicros().getValueAtPercentile(percentile) / 1e3);
  }
}
