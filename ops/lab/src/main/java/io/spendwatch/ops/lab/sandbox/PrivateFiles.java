package io.spendwatch.ops.lab.sandbox;

import io.spendwatch.errors.OperatorException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * A directory that only its owner can read, with passwords and keys. Immutable; blocks.
 *
 * @param directory absolute
 */
record PrivateFiles(Path directory) {
  /** 192 bits; as text short enough for a line of a terminal with an address before it. */
  private static final int SECRET_BYTES = 24;

  private static final String FILE_MODE = "rw-------";
  private static final String DIRECTORY_MODE = "rwx------";

  /**
   * Makes the directory where it is not there yet.
   *
   * @throws OperatorException if it cannot be made
   */
  static PrivateFiles in(Path directory) {
    try {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(DIRECTORY_MODE)));
      return new PrivateFiles(directory.toAbsolutePath());
    } catch (IOException e) {
      throw new OperatorException("no secrets can be kept in " + directory + ": " + e, e);
    }
  }

  /** A secret that nobody guesses, in letters, digits, {@code -} and {@code _}; made once. */
  String secret(String name) {
    Path file = directory.resolve(name);
    try {
      if (Files.notExists(file)) {
        byte[] random = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(random);
        var _ = write(name, Base64.getUrlEncoder().withoutPadding().encodeToString(random));
      }
      return Files.readString(file);
    } catch (IOException e) {
      throw new OperatorException("the secret in " + file + " cannot be had: " + e, e);
    }
  }

  /** Replaces the file of this name. */
  Path write(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    Files.deleteIfExists(file);
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(FILE_MODE)));
    return Files.writeString(file, content);
  }
}
