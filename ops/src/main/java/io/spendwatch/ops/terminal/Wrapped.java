package io.spendwatch.ops.terminal;

import java.util.ArrayList;
import java.util.List;

/** Text broken into lines of a bounded width. Stateless. */
public final class Wrapped {
  private Wrapped() {}

  /**
   * Breaks at spaces; a word that is longer than a line is cut.
   *
   * @param indent before each line
   * @param width of a line with its indent, characters
   */
  public static List<String> lines(String text, String indent, int width) {
    int room = width - indent.length();
    List<String> lines = new ArrayList<>();
    var line = new StringBuilder();
    for (String word : text.split(" ", -1)) {
      String rest = word;
      if (!line.isEmpty() && line.length() + 1 + rest.length() > room) {
        lines.add(indent + line);
        line.setLength(0);
      }
      while (rest.length() > room) {
        lines.add(indent + rest.substring(0, room));
        rest = rest.substring(room);
      }
      line.append(line.isEmpty() ? "" : " ").append(rest);
    }
    if (!line.isEmpty()) {
      lines.add(indent + line);
    }
    return lines;
  }

  /** The text, or its beginning and an ellipsis where it is longer. */
  public static String cut(String text, int width) {
    return text.length() <= width ? text : text.substring(0, Math.max(0, width - 1)) + "…";
  }

  /** The text, or its beginning and its end where it is longer: the end of an id tells most. */
  public static String cutWithin(String text, int width) {
    if (text.length() <= width) {
      return text;
    }
    int end = (width - 1) / 2;
    return text.substring(0, width - 1 - end) + "…" + text.substring(text.length() - end);
  }
}
