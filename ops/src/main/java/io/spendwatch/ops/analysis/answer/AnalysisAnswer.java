package io.spendwatch.ops.analysis.answer;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;

/**
 * What a question was answered with.
 *
 * @param report its word; null for a free query
 * @param from the first moment of event time that it covers; null where it has no time
 * @param to the end of it
 * @param columns names, in order
 * @param rows a list of values for each row, null among them: numbers that are whole, texts for all
 *     else; money and other decimals are texts too
 * @param truncated whether there were more rows than may be answered with
 * @param source where it was answered: {@code rollup}, {@code primary}, {@code replica} or {@code
 *     archive}
 * @param because of a free query: why there, and why not elsewhere; null for a report
 * @param asOf all that was committed before this moment is in the answer
 * @param ageMs how old that is, of a report when it is handed out
 * @param tookMs how long it took
 * @param rowsRead how many rows were read for it
 */
public record AnalysisAnswer(
    String report,
    Instant from,
    Instant to,
    List<String> columns,
    @JsonInclude(content = JsonInclude.Include.ALWAYS) List<List<Object>> rows,
    boolean truncated,
    String source,
    String because,
    Instant asOf,
    long ageMs,
    long tookMs,
    long rowsRead) {

  /** The same when it is so old. */
  public AnalysisAnswer withAgeMs(long ageMs) {
    return new AnalysisAnswer(
        report, from, to, columns, rows, truncated, source, because, asOf, ageMs, tookMs, rowsRead);
  }

  /** The same with other names for its columns. */
  public AnalysisAnswer withColumns(List<String> names) {
    return new AnalysisAnswer(
        report, from, to, names, rows, truncated, source, because, asOf, ageMs, tookMs, rowsRead);
  }
}
