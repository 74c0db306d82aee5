package io.spendwatch.ops.analysis.answer;

import io.spendwatch.protocol.ForeignText;

/**
 * A text of somebody else's as a field of CSV (RFC 4180), for whoever opens it with a terminal or a
 * spreadsheet: what a terminal would obey is escaped, and what a spreadsheet would take for a
 * formula has an apostrophe before it. Stateless.
 */
public final class CsvText {
  /** With what a formula begins; the full-width forms, too, which are taken for them. */
  private static final String FORMULA = "=+-@|%\uFF1D\uFF0B\uFF0D\uFF20";

  private CsvText() {}

  /**
   * The text as one field.
   *
   * @param text null is an empty field
   */
  public static String field(String text) {
    if (text == null || text.isEmpty()) {
      return "";
    }
    String shown = ForeignText.shown(text);
    String safe = isFormula(shown) ? "'" + shown : shown;
    boolean quoted = safe.indexOf(',') >= 0 || safe.indexOf('"') >= 0 || !safe.equals(safe.strip());
    return quoted ? "\"" + safe.replace("\"", "\"\"") + "\"" : safe;
  }

  /** By its first character that is no blank, for whoever strips them. */
  private static boolean isFormula(String text) {
    return text.codePoints()
        .dropWhile(each -> Character.isWhitespace(each) || Character.isSpaceChar(each))
        .limit(1)
        .anyMatch(each -> FORMULA.indexOf(each) >= 0);
  }
}
