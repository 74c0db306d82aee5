package io.spendwatch.ops.audit.source;

import io.spendwatch.protocol.ForeignText;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * What holding the tables of a business database against those of a warehouse has come to.
 *
 * @param source the business database, for people
 * @param warehouse likewise
 * @param findingsTotal how many rows differ; {@code findings} may be fewer
 * @param more whether there are more than were counted
 */
public record WarehouseReport(
    String source,
    String warehouse,
    Instant startedAt,
    Instant finishedAt,
    List<Table> tables,
    long findingsTotal,
    boolean more,
    List<Finding> findings) {

  /**
   * A table, as the last look found it.
   *
   * @param table of the business database
   * @param target of the warehouse
   * @param dayColumn by whose day rows are summed up; null for none
   * @param days that there are
   * @param differing those that rows which differ are of
   */
  public record Table(
      String table,
      String target,
      long rowsThere,
      long rowsHere,
      String dayColumn,
      long days,
      List<Day> differing) {}

  /**
   * A day of a table.
   *
   * @param day {@code YYYY-MM-DD}, or {@code none} of rows without
   * @param sums of each number, but for those of the key
   */
  public record Day(String day, long rowsThere, long rowsHere, List<Sum> sums) {}

  /** A column's sum of a day, at both ends; decimals. */
  public record Sum(String column, String there, String here) {}

  /**
   * A row that is not the same at both ends.
   *
   * @param kind {@code MISSING} or {@code EXTRA} in the warehouse, or {@code DIFFERENT}
   * @param key its primary key's values
   * @param columns that differ; empty but for {@code DIFFERENT}
   */
  public record Finding(
      SourceFinding.Kind kind, String table, List<String> key, List<String> columns) {}

  /** Whether nothing was found. */
  public boolean isClean() {
    return findingsTotal == 0;
  }

  /** For people; several lines, without a line feed at the end. */
  public String text() {
    var lines = new StringJoiner(System.lineSeparator());
    lines.add(ForeignText.shown(source + " and " + warehouse));
    for (Table table : tables) {
      lines.add(
          ForeignText.shown(
              String.format(
                  Locale.ROOT,
                  "%s: %,d rows there, %,d in the warehouse%s",
                  table.table(),
                  table.rowsThere(),
                  table.rowsHere(),
                  table.dayColumn() == null
                      ? ""
                      : String.format(
                          Locale.ROOT, ", %,d days by %s", table.days(), table.dayColumn()))));
      for (Day day : table.differing()) {
        var line = new StringJoiner(", ");
        line.add("  " + day.day() + ": rows " + day.rowsThere() + " / " + day.rowsHere());
        day.sums().forEach(sum -> line.add(sum.column() + " " + sum.there() + " / " + sum.here()));
        lines.add(ForeignText.shown(line.toString()));
      }
    }
    lines.add(
        String.format(
            Locale.ROOT,
            "compared in %.1f s",
            Duration.between(startedAt, finishedAt).toMillis() / 1000.0));
    for (Finding finding : findings) {
      lines.add(
          ForeignText.shown(
              finding.kind()
                  + " "
                  + finding.table()
                  + " key "
                  + String.join(", ", finding.key())
                  + (finding.columns().isEmpty()
                      ? ""
                      : ": " + String.join(", ", finding.columns()))));
    }
    if (more || findingsTotal > findings.size()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "and %,d more%s",
              findingsTotal - findings.size(),
              more ? ", at least" : ""));
    }
    lines.add(
        isClean()
            ? "clean: the warehouse has the same rows"
            : String.format(Locale.ROOT, "%,d findings%s", findingsTotal, more ? " or more" : ""));
    return lines.toString();
  }
}
