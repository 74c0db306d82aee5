package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import io.spendwatch.ops.testing.Launched;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Comes before all others where the build runs it: the nodes that they start as processes start
 * with what it has written, in half of the processor time, and brokers with the classes of one.
 */
@Tag("rehearsal")
class RehearsalIT {
  private static final Duration END = Duration.ofMinutes(5);

  @TempDir private Path directory;

  @Test
  void writesWhatNodesAndBrokersStartWith() {
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
    if (OS.LINUX.isCurrentOs()) {
      try (KafkaServer broker = KafkaServer.start(directory.resolve("kafka"), 0)) {
        assertThat(broker.processes().anyMatch(RehearsalIT::hasMappedItsClasses)).isTrue();
      }
    }
  }

  private static boolean hasMappedItsClasses(ProcessHandle process) {
    Path maps = Path.of("/proc", Long.toString(process.pid()), "maps");
    try {
      return Files.readString(maps).contains("/kafka.jsa");
    } catch (IOException e) {
      // Gone by now.
      return false;
    }
  }
}
