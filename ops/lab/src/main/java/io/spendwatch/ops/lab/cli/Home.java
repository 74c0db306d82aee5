package io.spendwatch.ops.lab.cli;

import java.nio.file.Path;

/** Where the launcher says that the project is. */
final class Home {
  private Home() {}

  /** The project's root; the current directory where the launcher was not used. */
  static Path root() {
    return Path.of(System.getProperty("spendwatch.home", ""));
  }

  /** The object store's program, where the build puts it. */
  static Path objectStore() {
    return root().resolve(Path.of("ops", "lab", "target", "object-store", "s3proxy.jar"));
  }

  /** Where commands keep data that nobody named a place for. */
  static Path data() {
    return root().resolve(".spendwatch");
  }
}
