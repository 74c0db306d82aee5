package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.lab.bench.BenchReport;
import io.spendwatch.ops.lab.bench.Figure;
import io.spendwatch.ops.testing.Alone;
import io.spendwatch.ops.testing.Launched;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** It measures, and what it measures on is assessed rightly; how fast it is, is not asked here. */
@Tag(Alone.TAG)
@ExtendWith(Servers.class)
@Timeout(700)
class BenchIT {
  private static final String TINY =
      "--users 300 --entries 3 --users-seen 2000 --users-awake 80 --days 33 --rows-per-day 100"
          + " --rate 200 --rates 200 --phase 2s --checks 20 --backlog 40000 --rows 5000 --rounds 1"
          + " --growth-users 100 --growth-entries 50 --java-opts "
          + Launched.BRIEF_JVM;

  private final Map<String, String> properties = new TreeMap<>();
  @TempDir private Path directory;

  /** As the launcher says it. */
  @BeforeEach
  void sayWhereTheProjectIs() {
    set("spendwatch.home", Launched.launcher().getParent().toString());
  }

  @AfterEach
  void forget() {
    properties.keySet().forEach(System::clearProperty);
  }

  @Test
  void measuresABacklogOnServersOfItsOwn() throws Exception {
    BenchReport report = run("--only", "drain");
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
        run("--only", "htap", "--htap-rows", "20000", "--htap-rates", "200", "--htap-soak", "4s");
    assertThat(report.figures())
        .extracting(Figure::name)
        .contains(
            "200/s alone: ingested",
            "200/s with roll-ups: complex p99",
            "200/s without roll-ups: complex mean",
            "200/s without roll-ups, replica: complex queries",
            "200/s with roll-ups: roll-ups behind p99",
            "soak: dead rows, 2nd half");
    assertThat(report.figures())
        .filteredOn(figure -> figure.name().endsWith("complex queries"))
        .hasSize(5)
        .allSatisfy(figure -> assertThat(figure.value()).isPositive());
  }

  @Test
  void measuresTheRestOnConfiguredServersAndLeavesNothingBehind(TestBed bed) throws Exception {
    set("spendwatch.kafka.bootstrap-servers", bed.bootstrapServers());
    set("spendwatch.postgres.uri", bed.pgUri());
    BenchReport report =
        run(
            "--on-configured-servers",
            "--only",
            "peers,growth,latency,memory,restore,partitions,mixed,checks,audit");
    assertThat(report.figures())
        .extracting(Figure::benchmark)
        .contains(
            "peers",
            "growth",
            "latency",
            "memory",
            "restore",
            "partitions",
            "mixed",
            "checks",
            "audit");
    assertThat(report.figures())
        .extracting(Figure::name)
        .contains(
            "drain, steady",
            "latency, 200/s: p99",
            "100 users",
            "50 entries a user",
            "200/s: p99.9",
            "2000 users seen, 80 awake",
            "until all were assessed once",
            "insert, 33 days",
            "backlog taken, beside analysis",
            "check p99 at 20/s",
            "all, beside ingestion");
    assertThat(leftBehind(bed)).isEmpty();
  }

  private BenchReport run(String... arguments) throws Exception {
    Path file = directory.resolve("bench.json");
    List<String> all = new ArrayList<>(List.of("bench", "--json", file.toString()));
    all.addAll(List.of(arguments));
    all.addAll(List.of(TINY.split(" ", -1)));
    var out = new StringWriter();
    CommandLine commandLine =
        Spendwatch.commandLine(Lab.commands()).setOut(new PrintWriter(out, true));
    assertThat(commandLine.execute(all.toArray(String[]::new))).isZero();
    BenchReport report = Json.read(Files.readString(file), BenchReport.class);
    assertThat(out.toString())
        .contains(report.figures().getFirst().name(), report.figures().getLast().check());
    return report;
  }

  private static List<String> leftBehind(TestBed bed) throws Exception {
    List<String> left = new ArrayList<>();
    try (Admin admin = bed.admin();
        Connection connection = bed.database().connect("spendwatch-tests");
        Statement statement = connection.createStatement();
        ResultSet databases = statement.executeQuery("SELECT datname FROM pg_database")) {
      while (databases.next()) {
        left.add(databases.getString(1));
      }
      left.addAll(admin.listTopics().names().get());
      left.addAll(admin.listGroups().all().get().stream().map(GroupListing::groupId).toList());
    }
    left.removeIf(name -> !name.startsWith("spendwatch-bench-"));
    return left;
  }

  private void set(String property, String value) {
    properties.put(property, value);
    System.setProperty(property, value);
  }
}
