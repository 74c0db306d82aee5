package io.spendwatch.ops.audit;

import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.database.SqlText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * What a run of the audit has looked at, and found.
 *
 * @param runId in {@code reconciliation_runs}
 * @param tablesJudgedAt when all but the windows in memory had been assessed
 * @param settledUntil highest event time that was assessed; null where there was nothing
 * @param transactions rows assessed
 * @param alerts assessed
 * @param offsets of the topic that were looked for
 * @param expiredOffsets of those without a row, how many the topic has no record of any more, so
 *     that nothing can be said of them
 * @param usersAwake whose windows were compared; null where nobody could be asked
 * @param notAsked why not; null where they were
 * @param findingsTotal how many there are; {@code findings} may be fewer
 */
public record AuditReport(
    long runId,
    Mode mode,
    Instant startedAt,
    Instant tablesJudgedAt,
    Instant finishedAt,
    Instant settledUntil,
    long transactions,
    long alerts,
    long offsets,
    long expiredOffsets,
    Long usersAwake,
    String notAsked,
    long findingsTotal,
    List<Finding> findings) {

  /** How much is looked at. */
  public enum Mode {
    /** All that is stored. */
    FULL,
    /** What came since the last run that finished. */
    INCREMENTAL
  }

  /** Whether nothing was found. */
  public boolean isClean() {
    return findingsTotal == 0;
  }

  /** For people; several lines, without a line feed at the end. */
  public String text() {
    var lines = new StringJoiner(System.lineSeparator());
    lines.add(
        String.format(
            Locale.ROOT,
            "run %d, %s: %,d transactions, %,d alerts and %,d offsets assessed in %.1f s%s",
            runId,
            mode.name().toLowerCase(Locale.ROOT),
            transactions,
            alerts,
            offsets,
            seconds(startedAt, tablesJudgedAt),
            settledUntil == null ? "" : ", up to " + settledUntil));
    lines.add(
        usersAwake == null
            ? ForeignText.shown("windows in memory were not compared: " + notAsked)
            : String.format(
                Locale.ROOT,
                "%,d users' windows in memory compared in %.1f s",
                usersAwake,
                seconds(tablesJudgedAt, finishedAt)));
    if (expiredOffsets > 0) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%,d offsets without a row are not in the topic any more: what they were is not known",
              expiredOffsets));
    }
    for (Finding finding : findings) {
      lines.add("");
      lines.add(ForeignText.shown(headline(finding)));
      lines.add(ForeignText.shown("  expected  " + finding.expected()));
      lines.add(ForeignText.shown("  found     " + finding.actual()));
      lines.add(ForeignText.shown("  because   " + finding.detail()));
      lines.add("  shown by  " + SqlText.printable(finding.reproduce()));
    }
    if (findingsTotal > findings.size()) {
      lines.add("");
      lines.add(
          String.format(
              Locale.ROOT,
              "and %,d more, in spendwatch.reconciliation_findings",
              findingsTotal - findings.size()));
    }
    lines.add("");
    lines.add(
        isClean()
            ? "clean: the tables say the same"
            : String.format(Locale.ROOT, "%,d findings", findingsTotal));
    return lines.toString();
  }

  private static double seconds(Instant from, Instant to) {
    return Duration.between(from, to).toMillis() / 1000.0;
  }

  private static String headline(Finding finding) {
    var headline = new StringJoiner(" ");
    headline.add(finding.kind().name());
    add(headline, "user", finding.userId());
    add(headline, "transaction", finding.transactionId());
    add(headline, "alert", finding.alertId());
    add(headline, "at", finding.eventTime());
    if (finding.kafkaPartition() != null) {
      headline.add("(partition " + finding.kafkaPartition() + offset(finding) + ")");
    }
    return headline.toString();
  }

  private static String offset(Finding finding) {
    return finding.kafkaOffset() == null ? "" : ", offset " + finding.kafkaOffset();
  }

  private static void add(StringJoiner headline, String what, Object value) {
    if (value != null) {
      headline.add(what).add(value.toString());
    }
  }
}
