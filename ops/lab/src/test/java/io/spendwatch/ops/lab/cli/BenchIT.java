package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.lab.bench.BenchReport;
import io.spendwatch.ops.lab.bench.Figure;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The benchmarks on servers of their own. */
@Timeout(700)
class BenchIT {
  @TempDir private Path directory;
  private TinyBench bench;

  @BeforeEach
  void prepare() {
    bench = new TinyBench(directory);
  }

  @AfterEach
  void end() {
    bench.close();
  }

  @Test
  void measuresABacklogOnServersOfItsOwn() throws Exception {
    BenchReport report = bench.run("--only", "drain");
    assertThat(report.figures())
        .extracting(Figure::name)
        .contains("steady", "from the first commit on");
    assertThat(report.figures())
        .allSatisfy(
            figure -> {
              assertThat(figure.value()).isPositive();
              assertThat(figure.reference()).isPositive();
              assertThat(figure.check()).startsWith("80,000 rows, ").contains("none missed");
            });
    assertThat(report.machine()).containsKeys("processors", "memoryMiB", "loadAverageBefore");
    assertThat(report.versions()).containsKeys("commit", "kafkaClients", "postgres.server_version");
    assertThat(report.settings()).containsEntry("--seed", "42");
  }

  @Test
  void measuresThePublishedCaseWithAReplicaOfItsOwnServers() throws Exception {
    BenchReport report =
        bench.run(
            "--only", "htap", "--htap-rows", "20000", "--htap-rates", "200", "--htap-soak", "4s");
    assertThat(report.figures())
        .extracting(Figure::name)
        .contains(
            "200/s alone: ingested",
            "200/s with roll-ups: complex p99",
            "200/s reports of the node: complex mean",
            "200/s reports of the node: age of answers p99",
            "200/s without roll-ups: complex mean",
            "200/s without roll-ups, replica: complex queries",
            "200/s with roll-ups: roll-ups behind p99",
            "soak: dead rows, 2nd half");
    assertThat(report.figures())
        .filteredOn(figure -> figure.name().endsWith("complex queries"))
        .hasSize(6)
        .allSatisfy(figure -> assertThat(figure.value()).isPositive());
  }
}
