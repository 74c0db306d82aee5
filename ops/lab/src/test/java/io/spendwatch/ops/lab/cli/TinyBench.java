package io.spendwatch.ops.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.lab.bench.BenchReport;
import io.spendwatch.ops.testing.Launched;
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
import picocli.CommandLine;

/**
 * The benchmarks with so little of everything that each is over at once, for tests that they
 * measure, and that what they measure on is assessed rightly; how fast it is, those don't ask. For
 * one thread.
 */
final class TinyBench implements AutoCloseable {
  private static final String TINY =
      "--users 300 --entries 3 --users-seen 2000 --users-awake 80 --days 33 --rows-per-day 100"
          + " --rate 200 --rates 200 --phase 2s --checks 20 --backlog 40000 --rows 5000 --rounds 1"
          + " --growth-users 100 --growth-entries 50 --java-opts "
          + Launched.BRIEF_JVM;

  private final Map<String, String> properties = new TreeMap<>();
  private final Path directory;

  /** In this JVM; files go there. */
  TinyBench(Path directory) {
    this.directory = directory;
    // As the launcher says it.
    set("spendwatch.home", Launched.launcher().getParent().toString());
  }

  /** On servers of its own. */
  BenchReport run(String... arguments) throws Exception {
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

  /** On the bed's, where nothing is left of it. */
  BenchReport runOn(TestBed bed, String only) throws Exception {
    set("spendwatch.kafka.bootstrap-servers", bed.bootstrapServers());
    set("spendwatch.postgres.uri", bed.pgUri());
    BenchReport report = run("--on-configured-servers", "--only", only);
    assertThat(leftBehind(bed)).isEmpty();
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

  /** As if none of its settings had been made. */
  @Override
  public void close() {
    properties.keySet().forEach(System::clearProperty);
    // Else they would be part of every configuration that a later test makes.
    ConfigFactory.invalidateCaches();
  }
}
