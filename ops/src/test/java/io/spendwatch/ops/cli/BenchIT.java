package io.spendwatch.ops.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.bench.BenchReport;
import io.spendwatch.ops.bench.Figure;
import io.spendwatch.ops.http.Json;
import io.spendwatch.ops.testing.Launched;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** It measures, and what it measures on is judged rightly; how fast it is, is not asked here. */
@Timeout(240)
class BenchIT {
  @TempDir private Path directory;

  /** As the launcher says it. */
  @BeforeEach
  void sayWhereTheProjectIs() {
    System.setProperty("spendwatch.home", Launched.launcher().getParent().toString());
  }

  @AfterEach
  void forget() {
    System.clearProperty("spendwatch.home");
  }

  @Test
  void measuresEverythingOnAServerOfItsOwn() throws Exception {
    var out = new StringWriter();
    CommandLine commandLine = Spendwatch.commandLine().setOut(new PrintWriter(out, true));
    Path file = directory.resolve("bench.json");
    int status =
        commandLine.execute(
            "bench",
            "--users",
            "900",
            "--entries",
            "3",
            "--users-seen",
            "5000",
            "--users-awake",
            "80",
            "--days",
            "40",
            "--rows-per-day",
            "200",
            "--rate",
            "200",
            "--phase",
            "2s",
            "--backlog",
            "500",
            "--rounds",
            "1",
            "--json",
            file.toString());
    assertThat(status).isZero();
    assertThat(out.toString())
        .contains(
            "5000 users seen, 80 awake",
            "until all were judged once",
            "insert, 40 days",
            "backlog taken, beside analysis");
    BenchReport report = Json.read(Files.readString(file), BenchReport.class);
    assertThat(report.figures())
        .extracting(Figure::benchmark)
        .contains("memory", "restore", "partitions", "mixed");
    assertThat(report.machine()).containsKeys("processors", "java", "heapMaxMiB");
  }
}
