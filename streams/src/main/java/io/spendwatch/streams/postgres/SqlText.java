package io.spendwatch.streams.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Loads statements, which lie beside their classes as resources. */
public final class SqlText {
  private SqlText() {}

  static String load(String name) {
    return load(SqlText.class, name);
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
