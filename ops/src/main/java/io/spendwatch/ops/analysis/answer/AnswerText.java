package io.spendwatch.ops.analysis.answer;

import io.spendwatch.protocol.ForeignText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Answers for a terminal, and as CSV. What is foreign in them is shown escaped. Stateless. */
public final class AnswerText {
  private static final int WIDTH_MAX = 100;
  private static final int COLUMN_MIN = 8;
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+(\\.[0-9]+)?");

  private static final Pattern WHOLE_MINUTE =
      Pattern.compile("^([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2}):00\\.000Z$");

  private AnswerText() {}

  /**
   * A table, at most 100 columns wide where that can be, of those columns that have something in
   * them; and where it comes from.
   */
  public static String table(AnalysisAnswer whole) {
    AnalysisAnswer answer = withoutEmptyColumns(whole);
    List<List<String>> lines = new ArrayList<>();
    lines.add(answer.columns().stream().map(AnswerText::shown).toList());
    answer.rows().forEach(row -> lines.add(row.stream().map(AnswerText::shown).toList()));
    int[] widths = widths(lines);
    boolean[] right = rightAligned(answer);
    var text = new StringJoiner(System.lineSeparator());
    for (List<String> line : lines) {
      var cells = new StringJoiner("  ");
      for (int i = 0; i < widths.length; i++) {
        cells.add(padded(cut(line.get(i), widths[i]), widths[i], right[i]));
      }
      text.add(cells.toString().stripTrailing());
    }
    text.add("");
    text.add(about(answer));
    return text.toString();
  }

  private static AnalysisAnswer withoutEmptyColumns(AnalysisAnswer answer) {
    int[] kept =
        IntStream.range(0, answer.columns().size())
            .filter(
                i ->
                    answer.rows().isEmpty()
                        || answer.rows().stream().anyMatch(row -> row.get(i) != null))
            .toArray();
    List<List<Object>> rows = new ArrayList<>();
    for (List<Object> row : answer.rows()) {
      List<Object> cells = new ArrayList<>(kept.length);
      Arrays.stream(kept).forEach(i -> cells.add(row.get(i)));
      rows.add(cells);
    }
    return new AnalysisAnswer(
        answer.report(),
        answer.from(),
        answer.to(),
        Arrays.stream(kept).mapToObj(answer.columns()::get).toList(),
        rows,
        answer.truncated(),
        answer.source(),
        answer.because(),
        answer.asOf(),
        answer.ageMs(),
        answer.tookMs(),
        answer.rowsRead());
  }

  private static String about(AnalysisAnswer answer) {
    return String.format(
        Locale.ROOT,
        "%s%,d rows%s from the %s as of %s (%d ms old), in %d ms, %,d rows read%s",
        answer.from() == null
            ? ""
            : "from " + answer.from() + " to " + answer.to() + System.lineSeparator(),
        answer.rows().size(),
        answer.truncated() ? " (and more)" : "",
        answer.source(),
        answer.asOf(),
        answer.ageMs(),
        answer.tookMs(),
        answer.rowsRead(),
        answer.because() == null
            ? ""
            : System.lineSeparator()
                + "("
                + answer.source()
                + ": "
                + ForeignText.shown(answer.because())
                + ")");
  }

  /** As RFC 4180 has it, with a line of names. */
  public static String csv(AnalysisAnswer answer) {
    List<String> lines = new ArrayList<>();
    lines.add(answer.columns().stream().map(AnswerText::field).collect(Collectors.joining(",")));
    for (List<Object> row : answer.rows()) {
      lines.add(
          row.stream()
              .map(cell -> cell == null ? "" : field(cell.toString()))
              .collect(Collectors.joining(",")));
    }
    return String.join("\r\n", lines);
  }

  /** A number may begin with what a formula begins with. */
  private static String field(String text) {
    return NUMBER.matcher(text).matches() ? text : CsvText.field(text);
  }

  private static String shown(Object cell) {
    return cell == null
        ? "-"
        : WHOLE_MINUTE.matcher(ForeignText.shown(cell.toString())).replaceFirst("$1 $2");
  }

  private static int[] widths(List<List<String>> lines) {
    int[] widths = new int[lines.getFirst().size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    while (Arrays.stream(widths).sum() + 2 * (widths.length - 1) > WIDTH_MAX) {
      int widest = 0;
      for (int i = 1; i < widths.length; i++) {
        widest = widths[i] > widths[widest] ? i : widest;
      }
      if (widths[widest] <= COLUMN_MIN) {
        return widths;
      }
      widths[widest]--;
    }
    return widths;
  }

  private static boolean[] rightAligned(AnalysisAnswer answer) {
    boolean[] right = new boolean[answer.columns().size()];
    for (int i = 0; i < right.length; i++) {
      int column = i;
      right[i] =
          answer.rows().stream()
              .map(row -> row.get(column))
              .allMatch(cell -> cell == null || NUMBER.matcher(cell.toString()).matches());
    }
    return right;
  }

  private static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, width - 1) + "\u2026";
  }

  private static String padded(String text, int width, boolean right) {
    String blanks = " ".repeat(width - text.length());
    return right ? blanks + text : text + blanks;
  }
}
