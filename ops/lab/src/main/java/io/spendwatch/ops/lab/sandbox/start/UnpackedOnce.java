package io.spendwatch.ops.lab.sandbox.start;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The embedded servers' programs, unpacked once per user from what is on the class path.
 *
 * <p>A directory's name says exactly what is in it, and it appears complete or not at all, so any
 * number of processes may unpack at once.
 */
public final class UnpackedOnce {
  private UnpackedOnce() {}

  /** Fills an empty directory. */
  @FunctionalInterface
  public interface Unpacking {
    void into(Path directory) throws IOException;
  }

  /**
   * The directory of this name, which is filled the first time.
   *
   * @throws IOException if the cache cannot be written
   */
  public static Path directory(String name, Unpacking unpacking) throws IOException {
    Path home = cache().resolve(name);
    if (!Files.isDirectory(home)) {
      unpack(unpacking, home);
    }
    return home;
  }

  private static Path cache() {
    String configured = System.getenv("XDG_CACHE_HOME");
    Path root =
        configured == null || configured.isBlank()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(configured);
    return root.resolve("spendwatch");
  }

  private static void unpack(Unpacking unpacking, Path home) throws IOException {
    Files.createDirectories(home.getParent());
    Path partial = Files.createTempDirectory(home.getParent(), "unpacking-");
    try {
      unpacking.into(partial);
      Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!Files.isDirectory(home)) {
        throw e;
      }
      // Somebody else was faster: theirs is as good.
    } finally {
      DataDirectory.deleteTree(partial);
    }
  }
}
