package io.spendwatch.ops.archive.format;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A directory that nobody else has, for files while somebody is at work, with the engine in it for
 * as long as that takes. It goes when this is closed. For one thread.
 */
public final class Workspace implements AutoCloseable {
  private final Path directory;
  private final int memoryLimitBytes;

  private Workspace(Path directory, int memoryLimitBytes) {
    this.directory = directory;
    this.memoryLimitBytes = memoryLimitBytes;
  }

  /**
   * Makes one where the settings say, else among temporary files.
   *
   * @throws OperatorException if there can be none
   */
  public static Workspace create(ArchiveConfig config) {
    try {
      return new Workspace(directory(config), config.memoryLimitBytes());
    } catch (IOException e) {
      throw new OperatorException("spendwatch.archive.directory: " + e, e);
    }
  }

  private static Path directory(ArchiveConfig config) throws IOException {
    if (config.directory().isEmpty()) {
      return Files.createTempDirectory("spendwatch-archive-");
    }
    Files.createDirectories(config.directory().get());
    return Files.createTempDirectory(config.directory().get(), "archive-");
  }

  public Path directory() {
    return directory;
  }

  /**
   * Works with an engine of its own, and removes all files then: of days that follow each other,
   * one is here at a time.
   */
  public <T> T withParquet(Function<Parquet, T> work) {
    Path spill = directory.resolve("engine");
    return withFiles(
        () -> {
          Files.createDirectories(spill);
          try (Parquet parquet = Parquet.open(spill, memoryLimitBytes)) {
            return work.apply(parquet);
          }
        });
  }

  /** Work on files. */
  public interface FileWork<T> {
    T run() throws IOException;
  }

  /** Works on files here, and removes all of them then. */
  public <T> T withFiles(FileWork<T> work) {
    try {
      try {
        return work.run();
      } finally {
        clear();
      }
    } catch (IOException e) {
      throw new OperatorException(directory + ": " + e.getMessage(), e);
    }
  }

  private void clear() throws IOException {
    List<Path> left;
    try (Stream<Path> files = Files.list(directory)) {
      left = files.toList();
    }
    left.forEach(Parquet::remove);
  }

  @Override
  public void close() {
    Parquet.remove(directory);
  }
}
