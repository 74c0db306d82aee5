package io.spendwatch.ops.archive.format;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.store.ArchiveStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;

/**
 * What the archive has of a day: the file {@code manifests/DAY.json}, which is put last. What no
 * manifest names is not in the archive.
 *
 * @param schemaVersion of the columns; a reader refuses those that it does not know
 * @param revision 0 for the first, one more with each addendum
 * @param writtenAt when it was put
 * @param auditRun that found the day clean; null where it was archived without
 * @param tables by their words
 */
public record Manifest(
    int schemaVersion,
    LocalDate day,
    int revision,
    Instant writtenAt,
    Long auditRun,
    Map<String, Table> tables) {
  public static final int SCHEMA_VERSION = 1;
  private static final String SUFFIX = ".json";

  /**
   * A table's rows of the day.
   *
   * @param totals of all files together
   */
  public record Table(Totals totals, List<File> files) {}

  /**
   * A file.
   *
   * @param name below the archive's address
   * @param bytes its size
   * @param sha256 of its bytes, in hexadecimal
   * @param totals of its rows
   */
  public record File(String name, long bytes, String sha256, Totals totals) {}

  /** The name of a day's manifest. */
  public static String name(LocalDate day) {
    return ArchiveStore.MANIFESTS + day + SUFFIX;
  }

  /** Where the files of a day's table are. */
  public static String directory(ArchiveTable table, LocalDate day) {
    return table.word() + "/day=" + day + "/";
  }

  /** The table's rows; none where it has no such table. */
  public Table table(ArchiveTable table) {
    Table known = tables.get(table.word());
    return known == null ? new Table(Totals.none(table), List.of()) : known;
  }

  /** Of all files. */
  public long bytes() {
    return tables.values().stream()
        .flatMap(table -> table.files().stream())
        .mapToLong(File::bytes)
        .sum();
  }

  public byte[] json() {
    return Json.write(this).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads one.
   *
   * @throws OperatorException if it is none, or of a version that is not known here
   */
  public static Manifest of(LocalDate day, byte[] json) {
    Manifest read;
    try {
      read = Json.read(new String(json, StandardCharsets.UTF_8), Manifest.class);
    } catch (IllegalArgumentException e) {
      throw new OperatorException("the archive's " + name(day) + " is no manifest", e);
    }
    if (read.schemaVersion() != SCHEMA_VERSION) {
      throw new OperatorException(
          "the archive's "
              + name(day)
              + " is of version "
              + read.schemaVersion()
              + ", and this program reads "
              + SCHEMA_VERSION
              + ": use a newer one");
    }
    if (read.tables() == null || !day.equals(read.day())) {
      throw new OperatorException(
          "the archive's " + name(day) + " is not the manifest of that day");
    }
    return read;
  }
}
