package io.spendwatch.ops.analysis;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A report with its parameters, checked.
 *
 * @param from the first moment of event time; null for the report's default before {@code to}
 * @param to the end, not included; null for the end of the newest hour with transactions
 * @param by one of the report's words; null for its default, or where it has none
 * @param limit rows at most
 */
public record ReportQuestion(Report report, Instant from, Instant to, String by, int limit) {

  /**
   * Checks each parameter.
   *
   * @throws IllegalArgumentException naming the one that is wrong, and what is expected
   */
  public ReportQuestion {
    if (report.range().isEmpty() && (from != null || to != null)) {
      throw new IllegalArgumentException(
          (from == null ? "to" : "from") + ": expected: none, " + report.word() + " is as of now");
    }
    if (from != null && to != null && !from.isBefore(to)) {
      throw new IllegalArgumentException("from: expected: before to");
    }
    if (by != null && !report.words().contains(by)) {
      throw new IllegalArgumentException(
          "by: expected: "
              + (report.words().isEmpty() ? "none" : String.join(", ", report.words())));
    }
    if (limit < 1 || limit > Report.LIMIT_MAX) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "limit: expected: 1 to %d", Report.LIMIT_MAX));
    }
  }

  /**
   * The same for all questions that have the same answer. An end that nobody has said stays so: it
   * moves on with the newest hour.
   */
  ReportQuestion normalised() {
    return new ReportQuestion(
        report,
        from == null && to != null ? begin(to) : from,
        to,
        by == null && !report.words().isEmpty() ? report.words().getFirst() : by,
        report.isLimited() ? limit : Report.LIMIT_DEFAULT);
  }

  /** The end of the time that it covers. */
  Instant end(Instant newest) {
    return to == null ? newest : to;
  }

  /** The beginning of it. */
  Instant begin(Instant newest) {
    return from == null ? end(newest).minus(report.range().orElseThrow()) : from;
  }

  /** What the statement takes, in its order. */
  Object[] values(Instant newest) {
    List<Object> values = new ArrayList<>();
    if (report.range().isPresent()) {
      OffsetDateTime begins = begin(newest).atOffset(ZoneOffset.UTC);
      OffsetDateTime ends = end(newest).atOffset(ZoneOffset.UTC);
      values.add(begins);
      values.add(ends);
    }
    if (!report.words().isEmpty()) {
      values.add(by == null ? report.words().getFirst() : by);
    }
    if (report.isLimited()) {
      values.add(limit);
    }
    return values.toArray(Object[]::new);
  }
}
