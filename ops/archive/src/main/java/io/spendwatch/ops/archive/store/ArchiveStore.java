package io.spendwatch.ops.archive.store;

import io.spendwatch.errors.OperatorException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Where the archive's files lie: a directory, or a bucket. Names are below the archive's address,
 * with slashes. Every method blocks, and throws {@link OperatorException} where the store does not
 * do it, saying why. For one thread.
 */
public interface ArchiveStore extends AutoCloseable {
  /** What the names of manifests begin with: only these are ever replaced. */
  String MANIFESTS = "manifests/";

  /**
   * A small file.
   *
   * @param version of it: whoever puts another one in its place says which one that was
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on, and compared by its version
  record Content(byte[] bytes, String version) {}

  /** A file that is there. */
  record Entry(String name, long bytes, Instant modified) {}

  /** Its address, for people. */
  String address();

  /** Puts a file under a name that nobody else has: whoever reads sees all of it or none. */
  void put(String name, Path file);

  /**
   * Puts a small file if nobody else was first.
   *
   * @param replaced the version that it takes the place of; empty if there must be none
   * @return whether it was put; false: there is another one now
   */
  boolean putIf(String name, byte[] content, Optional<String> replaced);

  /** A small file; empty where there is none. */
  Optional<Content> read(String name);

  /**
   * A file, to be read and not changed.
   *
   * @param directory where a copy may be put; whoever asks removes it
   * @return empty where there is none
   */
  Optional<Path> fetch(String name, Path directory);

  /** The files whose names begin so, in no order. */
  List<Entry> list(String prefix);

  /** Removes a file; nothing where there is none. */
  void delete(String name);

  @Override
  void close();
}
