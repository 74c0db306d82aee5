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

/** What is measured beside rivals, on servers that are there already. */
@ExtendWith(Servers.class)
@Timeout(700)
class BenchRivalsIT {
  @Test
  void measuresOnConfiguredServersAndLeavesNothingBehind(TestBed bed, @TempDir Path directory)
      throws Exception {
    try (var bench = new TinyBench(directory)) {
      BenchReport report = bench.runOn(bed, "peers,growth,latency");
      assertThat(report.figures())
          .extracting(Figure::benchmark)
          .contains("peers", "growth", "latency");
      assertThat(report.figures())
          .extracting(Figure::name)
          .contains(
              "drain, steady",
              "latency, 200/s: p99",
              "100 users",
              "50 entries a user",
              "200/s: p99.9");
    }
  }
}
