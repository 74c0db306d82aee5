package io.spendwatch.ops.archive.days;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Column;
import java.time.Instant;
import java.util.List;

/** Rows in the text that PostgreSQL's COPY takes. For one thread. */
final class CopyText {
  private final List<Column> columns;
  private final StringBuilder text = new StringBuilder();

  CopyText(ArchiveTable table) {
    columns = table.columns();
  }

  void add(Object[] row) {
    for (int i = 0; i < row.length; i++) {
      if (i > 0) {
        text.append('\t');
      }
      boolean isTime = columns.get(i).type() == Column.Type.TIME;
      switch (row[i]) {
        case null -> text.append("\\N");
        case Long micros when isTime ->
            text.append(
                Instant.ofEpochSecond(
                    Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1000L));
        case Long number -> text.append((long) number);
        case Double share -> text.append((double) share);
        case Boolean flag -> text.append(flag ? 't' : 'f');
        case String value -> escape(value);
        default -> throw new IllegalStateException("no value of a table: " + row[i].getClass());
      }
    }
    text.append('\n');
  }

  private void escape(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> text.append("\\\\");
        case '\t' -> text.append("\\t");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        default -> text.append(c);
      }
    }
  }

  int length() {
    return text.length();
  }

  /** What was added since the last call. */
  byte[] take() {
    byte[] bytes = text.toString().getBytes(UTF_8);
    text.setLength(0);
    return bytes;
  }
}
