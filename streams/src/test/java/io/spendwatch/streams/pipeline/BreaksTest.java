package io.spendwatch.streams.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The deliberate breaks of {@code scripts/break-guarantees} still fit the code: one that does not
 * shows nothing, and nobody notices until the next time that somebody runs them all.
 */
class BreaksTest {
  private static final Path ROOT = Path.of("..");

  static Stream<Path> breaks() throws IOException {
    try (Stream<Path> all = Files.list(ROOT.resolve("scripts/broken"))) {
      return all.sorted().toList().stream();
    }
  }

  @ParameterizedTest
  @MethodSource("breaks")
  void fits(Path patch) throws IOException {
    String target = "";
    List<String> expected = new ArrayList<>();
    int hunks = 0;
    for (String line : Files.readAllLines(patch)) {
      boolean ends = line.startsWith("@@") || line.startsWith("diff ");
      if (ends && !expected.isEmpty()) {
        assertThat(target).contains(String.join("\n", expected));
        expected.clear();
      }
      if (line.startsWith("+++ b/")) {
        target = Files.readString(ROOT.resolve(line.substring("+++ b/".length())));
      } else if (line.startsWith("@@")) {
        hunks++;
      } else if (hunks > 0 && (line.startsWith(" ") || isRemoved(line))) {
        expected.add(line.substring(1));
      }
    }
    assertThat(hunks).isPositive();
    assertThat(target).contains(String.join("\n", expected));
  }

  private static boolean isRemoved(String line) {
    return line.startsWith("-") && !line.startsWith("--- a/");
  }
}
