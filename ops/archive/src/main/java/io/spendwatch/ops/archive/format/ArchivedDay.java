package io.spendwatch.ops.archive.format;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.archive.store.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A day in the archive: its manifest, and the files that it names. For one thread. */
public final class ArchivedDay {
  private static final Pattern MANIFEST =
      Pattern.compile(ArchiveStore.MANIFESTS + "(\\d{4}-\\d{2}-\\d{2})\\.json");

  private final ArchiveStore store;
  private final Manifest manifest;
  private final String version;

  private ArchivedDay(ArchiveStore store, Manifest manifest, String version) {
    this.store = store;
    this.manifest = manifest;
    this.version = version;
  }

  /** What is wrong with a file. */
  public static final class DamagedException extends Exception {
    private static final long serialVersionUID = 1L;

    DamagedException(String message) {
      super(message);
    }
  }

  /** Reads the day's manifest; empty where the archive has no such day. */
  public static Optional<ArchivedDay> find(ArchiveStore store, LocalDate day) {
    return store
        .read(Manifest.name(day))
        .map(
            content ->
                new ArchivedDay(store, Manifest.of(day, content.bytes()), content.version()));
  }

  /**
   * Reads the day's manifest.
   *
   * @throws OperatorException if the archive has no such day
   */
  public static ArchivedDay required(ArchiveStore store, LocalDate day) {
    return find(store, day)
        .orElseThrow(
            () -> new OperatorException("the archive at " + store.address() + " has no " + day));
  }

  /** The days that have a manifest. */
  public static SortedSet<LocalDate> all(ArchiveStore store) {
    SortedSet<LocalDate> days = new TreeSet<>();
    for (ArchiveStore.Entry entry : store.list(ArchiveStore.MANIFESTS)) {
      Matcher name = MANIFEST.matcher(entry.name());
      if (name.matches()) {
        days.add(LocalDate.parse(name.group(1)));
      }
    }
    return days;
  }

  public Manifest manifest() {
    return manifest;
  }

  /** Of the manifest: whoever replaces it says so. */
  public String version() {
    return version;
  }

  /**
   * The files of a table, each compared with its checksum.
   *
   * @param directory for copies
   * @throws OperatorException if one is missing or not as it was
   */
  public List<Path> files(ArchiveTable table, Path directory) {
    List<Path> files = new ArrayList<>();
    for (Manifest.File file : manifest.table(table).files()) {
      files.add(requiredFile(file, directory));
    }
    return files;
  }

  /**
   * A file, compared with its checksum.
   *
   * @param directory for a copy
   * @throws OperatorException if it is missing or not as it was
   */
  public Path requiredFile(Manifest.File file, Path directory) {
    try {
      return file(file, directory);
    } catch (DamagedException e) {
      throw new OperatorException(
          "the archive at "
              + store.address()
              + " is damaged: "
              + e.getMessage()
              + " (`spendwatch archive verify "
              + manifest.day()
              + "` says all of it)",
          e);
    }
  }

  /** The same, for who goes on where it is damaged. */
  public Path file(Manifest.File file, Path directory) throws DamagedException {
    Path fetched =
        store
            .fetch(file.name(), directory)
            .orElseThrow(() -> new DamagedException(file.name() + " is missing"));
    try {
      if (Files.size(fetched) != file.bytes() || !Sha256.of(fetched).equals(file.sha256())) {
        throw new DamagedException(file.name() + " is not what was put there");
      }
      return fetched;
    } catch (IOException e) {
      throw new DamagedException(file.name() + " cannot be read: " + e.getMessage());
    }
  }
}
