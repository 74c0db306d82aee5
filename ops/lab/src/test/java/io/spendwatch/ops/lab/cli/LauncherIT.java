package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Launched;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LauncherIT {
  private static final Duration END = Duration.ofMinutes(1);

  @TempDir private Path elsewhere;

  @Test
  void worksFromAnyDirectoryAndThroughASymbolicLinkWhateverJavaThePathHas() throws Exception {
    Path link = Files.createSymbolicLink(elsewhere.resolve("watch"), Launched.launcher());
    var command = List.of("setsid", "bash", "-c", "cd / && exec \"$0\" --version", link.toString());
    try (Launched launched = Launched.start(Map.of("JAVA_HOME", "/nonexistent"), command)) {
      assertThat(launched.awaitEnd(END)).isZero();
      assertThat(launched.out()).singleElement().asString().startsWith("spendwatch ");
      assertThat(launched.err()).isEmpty();
    }
  }

  @Test
  void runsTheTrafficCommands() {
    for (String command : List.of("replay", "load", "generate")) {
      try (Launched launched = Launched.start(command, "--help")) {
        assertThat(launched.awaitEnd(END)).isZero();
        assertThat(launched.out().getFirst()).startsWith("Usage: spendwatch " + command);
      }
    }
  }

  @Test
  void passesTheExitStatusOn() {
    try (Launched launched = Launched.start("sandbox", "--nonsense")) {
      assertThat(launched.awaitEnd(END)).isEqualTo(2);
      assertThat(launched.err()).hasSize(1);
    }
  }

  @Test
  void passesOptionsToTheJvm() {
    try (Launched launched =
        Launched.start(
            Map.of("SPENDWATCH_JAVA_OPTS", "-XshowSettings:system -Dx=y"), "--version")) {
      assertThat(launched.awaitEnd(END)).isZero();
      assertThat(launched.err()).isNotEmpty();
    }
  }

  /** The JVM does not look: jars that were built since would run as they were before. */
  @Test
  void takesACacheOnlyWhereNoJarIsNewer() throws Exception {
    Path root = Launched.launcher().getParent();
    try (Stream<Path> there = Files.list(root)) {
      for (Path each : there.filter(path -> !path.endsWith("target")).toList()) {
        Files.createSymbolicLink(elsewhere.resolve(each.getFileName()), each);
      }
    }
    // As a checkout has it: a link would lead home.
    Files.delete(elsewhere.resolve("spendwatch"));
    Path launcher = Files.copy(root.resolve("spendwatch"), elsewhere.resolve("spendwatch"));
    Path cache =
        Files.createFile(
            Files.createDirectory(elsewhere.resolve("target")).resolve("commands.aot"));
    assertThat(javaOf(launcher)).contains("-XX:AOTCache=" + cache);

    Files.setLastModifiedTime(cache, FileTime.from(Instant.EPOCH));
    assertThat(javaOf(launcher)).doesNotContain("AOTCache");
  }

  /** By which it is started. */
  private static String javaOf(Path launcher) {
    var command = List.of("setsid", "bash", "-x", launcher.toString(), "--version");
    try (Launched launched = Launched.start(Map.of(), command)) {
      assertThat(launched.awaitEnd(END)).isZero();
      return launched.err().stream()
          .filter(line -> line.startsWith("+ exec "))
          .findFirst()
          .orElseThrow();
    }
  }
}
