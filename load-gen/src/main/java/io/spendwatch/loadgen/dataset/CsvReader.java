package io.spendwatch.loadgen.dataset;

import io.spendwatch.errors.OperatorException;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;

/**
 * The rows of a CSV file (UTF-8, a header, gzip or plain, fields quoted where they need it), one at
 * a time and in file order. Whatever is wrong with the file is a {@link OperatorException} that
 * names file and line. For one thread.
 */
public final class CsvReader<T> implements AutoCloseable {

  private static final int BUFFER_BYTES = 64 * 1024;

  private final Path file;
  private final int columns;
  private final Function<List<String>, T> row;
  private final BufferedReader lines;
  private long line;

  private CsvReader(Path file, int columns, Function<List<String>, T> row, BufferedReader lines) {
    this.file = file;
    this.columns = columns;
    this.row = row;
    this.lines = lines;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param header the columns that the file must have, in this order
   * @param row makes a value of a row's fields; throws {@link IllegalArgumentException} or {@link
   *     java.time.DateTimeException} with a message for people where it cannot
   */
  public static <T> CsvReader<T> open(Path file, String header, Function<List<String>, T> row) {
    try {
      var reader =
          new CsvReader<>(file, header.split(",", -1).length, row, new BufferedReader(utf8(file)));
      String found = reader.lines.readLine();
      reader.line = 1;
      if (!header.equals(found)) {
        reader.close();
        throw reader.failure("header " + found + " (expected: " + header + ")", null);
      }
      return reader;
    } catch (NoSuchFileException e) {
      throw new OperatorException(file + ": no such file", e);
    } catch (IOException e) {
      throw new OperatorException(file + ": " + e.getMessage(), e);
    }
  }

  private static InputStreamReader utf8(Path file) throws IOException {
    InputStream bytes = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
    bytes.mark(2);
    boolean gzip = bytes.read() == 0x1f && bytes.read() == 0x8b;
    bytes.reset();
    return new InputStreamReader(
        gzip || file.toString().endsWith(".gz") ? new GZIPInputStream(bytes, BUFFER_BYTES) : bytes,
        StandardCharsets.UTF_8.newDecoder());
  }

  /** The next row, or null at the end. */
  public T next() {
    try {
      String text = lines.readLine();
      if (text == null) {
        return null;
      }
      line++;
      long startLine = line;
      List<String> fields = text.indexOf('"') < 0 ? List.of(text.split(",", -1)) : quoted(text);
      if (fields.size() != columns) {
        throw failure(fields.size() + " fields (expected: " + columns + ")", startLine, null);
      }
      try {
        return row.apply(fields);
      } catch (IllegalArgumentException | java.time.DateTimeException e) {
        throw failure(e.getMessage(), startLine, e);
      }
    } catch (IOException e) {
      throw failure("cannot be read: " + e.getMessage(), e);
    }
  }

  /** Fields of a row with quotes; a quoted field may go on over line ends. */
  private List<String> quoted(String firstLine) throws IOException {
    long startLine = line;
    List<String> fields = new ArrayList<>(columns);
    var field = new StringBuilder();
    String text = firstLine;
    boolean inQuotes = false;
    int i = 0;
    while (true) {
      if (i == text.length()) {
        if (!inQuotes) {
          fields.add(field.toString());
          return fields;
        }
        text = lines.readLine();
        if (text == null) {
          throw failure("a quote is not closed", startLine, null);
        }
        line++;
        field.append('\n');
        i = 0;
        continue;
      }
      char c = text.charAt(i++);
      if (inQuotes) {
        boolean escaped = c == '"' && i < text.length() && text.charAt(i) == '"';
        if (escaped) {
          i++;
        }
        if (c == '"' && !escaped) {
          inQuotes = false;
        } else {
          field.append(c);
        }
      } else if (c == '"') {
        inQuotes = true;
      } else if (c == ',') {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
  }

  private OperatorException failure(String message, Throwable cause) {
    return failure(message, line, cause);
  }

  private OperatorException failure(String message, long atLine, Throwable cause) {
    return new OperatorException(file + ":" + atLine + ": " + message, cause);
  }

  @Override
  public void close() {
    try {
      lines.close();
    } catch (IOException e) {
      throw failure("cannot be closed: " + e.getMessage(), e);
    }
  }
}
