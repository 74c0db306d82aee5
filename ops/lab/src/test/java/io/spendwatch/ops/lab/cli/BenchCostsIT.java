package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.lab.bench.BenchReport;
import io.spendwatch.ops.lab.bench.Figure;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What things cost a node, on servers that are there already. */
@ExtendWith(Servers.class)
@Timeout(700)
class BenchCostsIT {
  @Test
  void measuresOnConfiguredServersAndLeavesNothingBehind(TestBed bed, @TempDir Path directory)
      throws Exception {
    try (var bench = new TinyBench(directory)) {
      BenchReport report = bench.runOn(bed, "memory,restore,partitions,mixed,checks,audit");
      assertThat(report.figures())
          .extracting(Figure::benchmark)
          .contains("memory", "restore", "partitions", "mixed", "checks", "audit");
      assertThat(report.figures())
          .extracting(Figure::name)
          .contains(
              "2000 users seen, 80 awake",
              "until all were assessed once",
              "insert, 33 days",
              "backlog taken, beside analysis",
              "check p99 at 20/s",
              "all, beside ingestion");
    }
  }
}
