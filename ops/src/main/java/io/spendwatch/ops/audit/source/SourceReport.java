package io.spendwatch.ops.audit.source;

import io.spendwatch.protocol.ForeignText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * What holding a business database against ours has come to.
 *
 * @param source the business database, for people
 * @param rows of it that stand for a transaction
 * @param accounts of it
 * @param transactions of ours that came of it, corrections included
 * @param putAside rows for which the mapping has no answer: they count nothing
 * @param expired rows, and transactions, of before what is kept: not compared
 * @param outlived transactions of rows that are gone there, and count here as the mapping says
 * @param findingsTotal how many there are; {@code findings} may be fewer
 * @param more whether there are more than were counted
 */
public record SourceReport(
    String source,
    Instant startedAt,
    Instant finishedAt,
    long rows,
    long accounts,
    long transactions,
    long putAside,
    long expired,
    long outlived,
    long findingsTotal,
    boolean more,
    List<SourceFinding> findings) {

  /** Whether nothing was found. */
  public boolean isClean() {
    return findingsTotal == 0;
  }

  /** For people; several lines, without a line feed at the end. */
  public String text() {
    var lines = new StringJoiner(System.lineSeparator());
    lines.add(ForeignText.shown(source));
    lines.add(
        String.format(
            Locale.ROOT,
            "%,d rows and %,d accounts there, %,d transactions here compared in %.1f s",
            rows,
            accounts,
            transactions,
            Duration.between(startedAt, finishedAt).toMillis() / 1000.0));
    note(lines, putAside, "rows for which the mapping has no answer count nothing");
    note(lines, expired, "rows and transactions are older than what is kept: not compared");
    note(lines, outlived, "transactions count whose rows are gone there, as the mapping says");
    for (SourceFinding finding : findings) {
      lines.add("");
      lines.add(ForeignText.shown(headline(finding)));
      lines.add(ForeignText.shown("  there     " + finding.expected()));
      lines.add(ForeignText.shown("  here      " + finding.actual()));
      lines.add(ForeignText.shown("  because   " + finding.detail()));
    }
    if (more || findingsTotal > findings.size()) {
      lines.add("");
      lines.add(
          String.format(
              Locale.ROOT,
              "and %,d more%s",
              findingsTotal - findings.size(),
              more ? ", at least" : ""));
    }
    lines.add("");
    lines.add(
        isClean()
            ? "clean: both databases say the same"
            : String.format(Locale.ROOT, "%,d findings%s", findingsTotal, more ? " or more" : ""));
    return lines.toString();
  }

  private static void note(StringJoiner lines, long count, String what) {
    if (count > 0) {
      lines.add(String.format(Locale.ROOT, "%,d %s", count, what));
    }
  }

  private static String headline(SourceFinding finding) {
    var headline = new StringJoiner(" ");
    headline.add(finding.kind().name());
    if (finding.table() != null) {
      headline.add(finding.table());
    }
    if (finding.id() != null && !finding.id().isEmpty()) {
      headline.add("transaction").add(finding.id());
    }
    return headline.add("of user").add(finding.userId()).toString();
  }
}
