package io.spendwatch.ops.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole way as a user has it, by the launcher: here, since it needs the packaged archive. */
class DemoArchiveIT {
  private static final Path LAUNCHER =
      Path.of("..", "..", "spendwatch").toAbsolutePath().normalize();

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void daysLeaveAreAskedOverAndOneComesBack(@TempDir Path directory) throws Exception {
    Path out = directory.resolve("out");
    Path err = directory.resolve("err");
    ProcessBuilder builder =
        // Who runs the build in the background has us ignore SIGINT, and our children with us.
        new ProcessBuilder("env", "--default-signal=INT", LAUNCHER.toString(), "demo", "--archive")
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
      await("a day that has come back")
          .atMost(Duration.ofMinutes(5))
          .until(() -> !demo.isAlive() || said(out).contains(" of them restored;"));
      // As Ctrl-C does.
      assertThat(new ProcessBuilder("kill", "-INT", Long.toString(demo.pid())).start().waitFor())
          .isZero();
      status = demo.waitFor();
    } finally {
      demo.destroy();
    }
    assertThat(Files.readString(err)).isEmpty();
    assertThat(said(out))
        .contains("They are in no table any more", " comes back", "of 3 days left the tables");
    // Before they leave, and at the end.
    assertThat(said(out).split("Audit: clean: the tables say the same", -1)).hasSize(3);
    assertThat(status).isEqualTo(128 + 2);
  }

  /** Without the ends of its lines, which are where the terminal's would be. */
  private static String said(Path out) throws IOException {
    return Files.readString(out).replaceAll("\\s+", " ");
  }
}
