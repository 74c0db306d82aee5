package io.spendwatch.ops.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole way as a user has it, by the launcher: here, since it needs the packaged capture. */
class DemoFromDatabaseIT {
  private static final Path LAUNCHER =
      Path.of("..", "..", "spendwatch").toAbsolutePath().normalize();

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void nothingIsLostWhereTheCaptureIsKilled(@TempDir Path directory) throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder =
        // Who runs the build in the background has us ignore SIGINT, and our children with us.
        new ProcessBuilder(
                "env", "--default-signal=INT", LAUNCHER.toString(), "demo", "--from-database")
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    // The build runs already: it runs us.
    builder.environment().put("SPENDWATCH_NO_BUILD", "1");
    builder
        .environment()
        .put("SPENDWATCH_JAVA_OPTS", "-XX:TieredStopAtLevel=1 -Dspendwatch.sandbox.brief=true");
    Process demo = builder.start();
    int status;
    try {
      await("a capture that goes on")
          .atMost(Duration.ofMinutes(5))
          .until(
              () -> !demo.isAlive() || Files.readString(out).contains("It goes on where it was"));
      // As Ctrl-C does.
      assertThat(new ProcessBuilder("kill", "-INT", Long.toString(demo.pid())).start().waitFor())
          .isZero();
      status = demo.waitFor();
    } finally {
      demo.destroy();
    }
    assertThat(Files.readString(err)).isEmpty();
    assertThat(Files.readString(out))
        .contains(
            "The capture is killed (kill -9)",
            "It goes on where it was",
            "Audit: clean: the tables say the same",
            "Audit: clean: both databases say the same",
            "  nothing lost    yes");
    assertThat(status).isEqualTo(128 + 2);
  }
}
