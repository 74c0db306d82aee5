package io.spendwatch.loadgen.dataset;

import io.spendwatch.errors.OperatorException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;

/**
 * Writes a CSV file that {@link CsvReader} reads, gzipped where its name ends in {@code .gz}: the
 * same rows give the same bytes. For one thread.
 */
public final class CsvWriter implements AutoCloseable {

  private final Path file;
  private final BufferedWriter out;

  /** Replaces the file if it is there. */
  public CsvWriter(Path file, String header) {
    this.file = file;
    try {
      OutputStream bytes = Files.newOutputStream(file);
      this.out =
          new BufferedWriter(
              new OutputStreamWriter(
                  file.toString().endsWith(".gz") ? new GZIPOutputStream(bytes) : bytes,
                  StandardCharsets.UTF_8));
      out.write(header);
      out.write('\n');
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Writes one row; a null field is empty. */
  public void row(Object... fields) {
    try {
      for (int i = 0; i < fields.length; i++) {
        if (i > 0) {
          out.write(',');
        }
        out.write(fields[i] == null ? "" : field(fields[i].toString()));
      }
      out.write('\n');
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static String field(String text) {
    boolean plain = true;
    for (int i = 0; i < text.length() && plain; i++) {
      char c = text.charAt(i);
      plain = c != ',' && c != '"' && c != '\n' && c != '\r';
    }
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  private OperatorException failure(IOException e) {
    return new OperatorException(file + ": cannot be written: " + e, e);
  }

  @Override
  public void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw failure(e);
    }
  }
}
