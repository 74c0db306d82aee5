package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Launched;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Comes before all others where the build runs it: the nodes that they start as processes start
 * with what it has written, in half of the processor time.
 */
@Tag("rehearsal")
class RehearsalIT {
  private static final Duration END = Duration.ofMinutes(5);

  @TempDir private Path directory;

  @Test
  void writesWhatNodesStartWith() {
    Path file =
        Optional.ofNullable(System.getenv("SPENDWATCH_NODE_CACHE"))
            .map(named -> Path.of(named).normalize())
            .orElseGet(() -> directory.resolve("node.aot"));
    try (Launched rehearsal =
        Launched.start(
            "rehearse", "--users", "100", "--transactions", "2000", "--to", file.toString())) {
      assertThat(rehearsal.awaitEnd(END)).as("%s", rehearsal.err()).isZero();
      assertThat(rehearsal.out()).singleElement().asString().startsWith(file.toString());
    }
    // With this mode a JVM that cannot use the file does not start.
    String options = "-XX:AOTMode=on -XX:AOTCache=" + file;
    try (Launched node =
        Launched.start(Map.of("SPENDWATCH_JAVA_OPTS", options), "node", "--help")) {
      assertThat(node.awaitEnd(END)).as("%s", node.err()).isZero();
      assertThat(node.out()).isNotEmpty();
    }
  }
}
