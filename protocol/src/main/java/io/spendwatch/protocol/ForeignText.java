package io.spendwatch.protocol;

import java.util.Locale;

/**
 * Text that somebody else has written, such as an id or a merchant, made safe to show on a terminal
 * or in a log: it can neither end a line, move the cursor, change the order of what is read, nor
 * hide. Stateless.
 *
 * <p>Unsafe are control characters (C0, C1, DEL), line and paragraph separators, and what is
 * invisible by its kind, such as marks of writing direction.
 */
public final class ForeignText {
  private ForeignText() {}

  /** The text in one line; each unsafe character as {@code \}{@code u001B}. */
  public static String shown(String text) {
    return escaped(text, false);
  }

  /**
   * The same JSON value in one line, for a terminal: unsafe characters of its strings are escaped
   * as JSON has it, so that whoever reads it gets the same strings.
   *
   * @param json well-formed
   */
  public static String inJson(String json) {
    return escaped(json, true);
  }

  /** Whether this character must not reach a terminal as it is. */
  public static boolean isUnsafe(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> false;
    };
  }

  private static String escaped(String text, boolean json) {
    if (text.codePoints().noneMatch(ForeignText::isUnsafe)) {
      return text;
    }
    var safe = new StringBuilder(text.length() + 16);
    text.codePoints()
        .forEach(
            codePoint -> {
              if (!isUnsafe(codePoint)) {
                safe.appendCodePoint(codePoint);
              } else if (json && (codePoint == '\n' || codePoint == '\r' || codePoint == '\t')) {
                // Within a string these are escaped already: this is between two tokens.
                safe.append(' ');
              } else {
                for (char unit : Character.toChars(codePoint)) {
                  safe.append(String.format(Locale.ROOT, "\\u%04X", (int) unit));
                }
              }
            });
    return safe.toString();
  }
}
