package io.spendwatch.ops.lab.bench.site;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class CpuClockTest {

  /** The shell only waits for what it starts, and then for us. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void countsWhatAProcessHasStartedThatHasEnded() throws IOException, InterruptedException {
    Process shell =
        new ProcessBuilder(
                "bash",
                "-c",
                "bash -c 'for ((i = 0; i < 400000; i++)); do :; done'; echo done; read -r")
            .start();
    try (var said = shell.inputReader()) {
      var clock = new CpuClock(Map.of("shell", () -> Stream.of(shell.toHandle())));
      assertThat(said.readLine()).isEqualTo("done");
      assertThat(clock.seconds()).containsOnlyKeys("shell");
      assertThat(clock.seconds().get("shell")).isGreaterThan(0.1);
    } finally {
      shell.destroy();
      assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void countsNothingForAProcessThatIsGone() throws IOException, InterruptedException {
    Process gone = new ProcessBuilder("true").start();
    assertThat(gone.waitFor(10, TimeUnit.SECONDS)).isTrue();
    var clock = new CpuClock(Map.of("gone", () -> Stream.of(gone.toHandle())));
    assertThat(clock.seconds()).containsExactly(Map.entry("gone", 0.0));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void countsTheCompilersOfAJvm() {
    var clock = new CpuClock(Map.of("us", () -> Stream.of(ProcessHandle.current())));
    assertThat(clock.compilerSeconds()).isPositive().isLessThan(clock.seconds().get("us"));
  }
}
