package io.spendwatch.ops.lab.sandbox.kafka;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a broker's JVM loads: its class path, and the same in a form that is only mapped, where
 * {@link KafkaServer#rehearse} has had that written.
 *
 * @param path a class path
 * @param jar of our own classes, with all others in {@code lib} beside it; empty where they are not
 *     packaged
 */
record BrokerClasses(String path, Optional<Path> jar) {
  /**
   * The packaged jars as the launcher has them, whoever asks: what is mapped has to be of the same.
   * Our own class path where they are not packaged.
   */
  static BrokerClasses ofThisBuild() {
    Path own = location();
    if (!Files.isRegularFile(own) || !Files.isDirectory(libraries(own))) {
      return new BrokerClasses(System.getProperty("java.class.path"), Optional.empty());
    }
    return new BrokerClasses(
        own + File.pathSeparator + libraries(own) + File.separator + "*", Optional.of(own));
  }

  private static Path location() {
    try {
      return Path.of(KafkaBroker.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Path libraries(Path own) {
    return own.resolveSibling("lib");
  }

  /** Where that form is, once it has been written. */
  Optional<Path> archive() {
    return jar.map(own -> own.resolveSibling("kafka.jsa"));
  }

  /** Options of a JVM that writes it as it ends. */
  List<String> write() {
    return archive().map(file -> List.of("-XX:ArchiveClassesAtExit=" + file)).orElse(List.of());
  }

  /** Options of a JVM that starts with it; none where it is not there, or of former jars. */
  List<String> use() throws IOException {
    Optional<Path> archive = archive();
    if (archive.isEmpty() || !Files.isRegularFile(archive.get()) || isOlder(archive.get())) {
      return List.of();
    }
    return List.of(
        "-XX:SharedArchiveFile=" + archive.get(),
        // One that does not fit (another JDK) is left alone without a word.
        "-Xlog:cds*=off",
        "-Xlog:aot*=off");
  }

  private boolean isOlder(Path archive) throws IOException {
    long writtenMs = Files.getLastModifiedTime(archive).toMillis();
    Path own = jar.orElseThrow();
    try (Stream<Path> libraries = Files.walk(libraries(own))) {
      return Stream.concat(Stream.of(own), libraries)
          .anyMatch(each -> each.toFile().lastModified() > writtenMs);
    }
  }
}
