package io.spendwatch.streams.database;

import io.spendwatch.protocol.ForeignText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Statements as text: those that lie beside their classes as resources, and those that are shown to
 * people, who run them in psql. Stateless.
 */
public final class SqlText {
  private static final Pattern COMMENT = Pattern.compile("--[^\\n]*|(?s:/\\*.*?\\*/)");

  /** What hides semicolons, or is one. */
  private static final Pattern TOKEN =
      Pattern.compile(
          COMMENT.pattern()
              + "|\\b[Ee]'(?:[^'\\\\]|\\\\.|'')*'"
              + "|'(?:[^']|'')*'"
              + "|\"(?:[^\"]|\"\")*\""
              + "|(?s:(\\$(?:[A-Za-z_]\\w*)?\\$).*?\\1)"
              + "|\\bBEGIN\\s+ATOMIC\\b.*?\\n[ \\t]*END(?=\\s*(?:;|$))"
              + "|;",
          Pattern.DOTALL);

  private SqlText() {}

  /**
   * A literal, whatever the text holds and however the server reads backslashes. What a terminal
   * would obey is escaped within it: the literal can be shown, and run, as it stands.
   */
  public static String literal(String text) {
    if (text.codePoints().noneMatch(SqlText::needsEscape)) {
      return "'" + text.replace("'", "''") + "'";
    }
    var literal = new StringBuilder("E'");
    text.codePoints().forEach(codePoint -> appendEscaped(literal, codePoint));
    return literal.append('\'').toString();
  }

  /**
   * The same statement, with the literals that a terminal would obey written as {@link
   * #literal(String)} has them.
   *
   * @param sql with nothing foreign outside of its literals, and no dollar quotes
   */
  public static String printable(String sql) {
    var printable = new StringBuilder(sql.length());
    int at = 0;
    while (at < sql.length()) {
      int quote = sql.indexOf('\'', at);
      if (quote < 0) {
        break;
      }
      boolean escapes =
          quote > at && (sql.charAt(quote - 1) == 'E' || sql.charAt(quote - 1) == 'e');
      int end = endOfLiteral(sql, quote, escapes);
      String literal = sql.substring(quote, end);
      if (literal.codePoints().noneMatch(ForeignText::isUnsafe)) {
        printable.append(sql, at, end);
      } else if (escapes) {
        printable.append(sql, at, quote);
        literal.codePoints().forEach(codePoint -> appendUnsafeEscaped(printable, codePoint));
      } else {
        printable.append(sql, at, quote);
        printable.append(literal(literal.substring(1, literal.length() - 1).replace("''", "'")));
      }
      at = end;
    }
    return printable.append(sql, at, sql.length()).toString();
  }

  /**
   * Takes a script apart where a semicolon ends a statement: not within literals, names, comments,
   * dollar quotes, or the body of a function between {@code BEGIN ATOMIC} and an {@code END} that
   * begins a line.
   *
   * @return without what ends them; comments stay with the statement that follows
   */
  public static List<String> statements(String script) {
    List<String> statements = new ArrayList<>();
    Matcher token = TOKEN.matcher(script);
    int from = 0;
    while (token.find()) {
      if (token.group().equals(";")) {
        addStatement(statements, script.substring(from, token.start()));
        from = token.end();
      }
    }
    addStatement(statements, script.substring(from));
    return List.copyOf(statements);
  }

  /** But for what is nothing: comments after the last one. */
  private static void addStatement(List<String> statements, String text) {
    if (!COMMENT.matcher(text).replaceAll("").isBlank()) {
      statements.add(text.strip());
    }
  }

  /** After its closing quote, or the statement's end where it has none. */
  private static int endOfLiteral(String sql, int quote, boolean escapes) {
    int at = quote + 1;
    while (at < sql.length()) {
      char c = sql.charAt(at);
      boolean pair =
          (escapes && c == '\\')
              || (c == '\'' && at + 1 < sql.length() && sql.charAt(at + 1) == '\'');
      if (!pair && c == '\'') {
        return at + 1;
      }
      at += pair ? 2 : 1;
    }
    return sql.length();
  }

  private static boolean needsEscape(int codePoint) {
    return codePoint == '\\' || ForeignText.isUnsafe(codePoint);
  }

  private static void appendEscaped(StringBuilder literal, int codePoint) {
    switch (codePoint) {
      case '\'' -> literal.append("''");
      case '\\' -> literal.append("\\\\");
      default -> appendUnsafeEscaped(literal, codePoint);
    }
  }

  private static void appendUnsafeEscaped(StringBuilder literal, int codePoint) {
    if (ForeignText.isUnsafe(codePoint)) {
      literal.append(String.format(Locale.ROOT, "\\U%08X", codePoint));
    } else {
      literal.appendCodePoint(codePoint);
    }
  }

  /**
   * The statement in {@code NAME.sql} beside a class.
   *
   * @throws IllegalStateException when it is not in the build
   */
  public static String load(Class<?> beside, String name) {
    String resource = name + ".sql";
    try (InputStream in = beside.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException("statement " + resource + " is missing from the build");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
