package io.spendwatch.ops.archive.format;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.archive.store.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.UUID;

/** Puts files into the archive, each under a name that nobody else has. For one thread. */
public final class FileWriter {
  private final ArchiveStore store;
  private final Parquet parquet;
  private final Path directory;

  /**
   * @param directory for files while it works
   */
  public FileWriter(ArchiveStore store, Parquet parquet, Path directory) {
    this.store = store;
    this.parquet = parquet;
    this.directory = directory;
  }

  /**
   * Writes rows to a file, puts it, and reads it back.
   *
   * @param query for rows with the table's columns, as they are staged
   * @return what is in it, as read back from the store
   */
  public Manifest.File put(ArchiveTable table, LocalDate day, String query) {
    String name =
        Manifest.directory(table, day)
            + "part-"
            + UUID.randomUUID().toString().replace("-", "").substring(0, 16)
            + ".parquet";
    Path written = directory.resolve("written.parquet");
    try {
      parquet.write(table, query, written);
      String sha256 = Sha256.of(written);
      store.put(name, written);
      long bytes = Files.size(written);
      Files.delete(written);
      Path back =
          store
              .fetch(name, directory)
              .orElseThrow(
                  () ->
                      new OperatorException(
                          "the archive at "
                              + store.address()
                              + " took "
                              + name
                              + " and has it not"));
      if (!Sha256.of(back).equals(sha256)) {
        throw new OperatorException(
            "the archive at " + store.address() + " gives " + name + " back changed");
      }
      return new Manifest.File(
          name, bytes, sha256, parquet.totals(table, Parquet.archived(table, List.of(back))));
    } catch (IOException e) {
      throw new OperatorException(directory + ": " + e.getMessage(), e);
    }
  }
}
