package io.spendwatch.ops.cli;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.bench.BenchReport;
import io.spendwatch.ops.bench.Benchmark;
import io.spendwatch.ops.bench.Figure;
import io.spendwatch.ops.bench.Installation;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.http.Json;
import io.spendwatch.ops.servers.DataDirectory;
import io.spendwatch.ops.servers.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures what things cost. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures on a clean embedded PostgreSQL what users in memory cost (memory) and how fast they"
          + " are read back after a restart (restore).",
      "Each figure is checked: a wrong judgement ends it with status 1."
    })
public final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      split = ",",
      description = "Of memory, restore (default: all).")
  private List<String> only = List.of();

  @Option(
      names = "--users",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Active users (${DEFAULT-VALUE}).")
  private int users;

  @Option(
      names = "--entries",
      paramLabel = "N",
      defaultValue = "50",
      description = "Transactions of each of them in the last 24 h (${DEFAULT-VALUE}).")
  private int entries;

  @Option(
      names = "--users-seen",
      paramLabel = "N",
      defaultValue = "1000000",
      description = "Users that pass by while --users-awake may be in memory (${DEFAULT-VALUE}).")
  private int usersSeen;

  @Option(
      names = "--users-awake",
      paramLabel = "N",
      defaultValue = "50000",
      description = "(${DEFAULT-VALUE})")
  private int usersAwake;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write machine, figures and settings there, too.")
  private Path json;

  @Override
  public Integer call() {
    List<Benchmark> chosen = chosen();
    for (int size : new int[] {users, entries, usersSeen, usersAwake}) {
      if (size < 1) {
        throw new ParameterException(spec.commandLine(), size + " (expected: at least 1)");
      }
    }
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    List<Figure> figures = new ArrayList<>();
    try (DataDirectory directory = DataDirectory.temporary();
        PostgresServer postgres = PostgresServer.start(directory.postgres(), 0);
        Installation on = Installation.open(postgres.uri(), Configuration.load().raw(), now)) {
      for (Benchmark benchmark : chosen) {
        figures.addAll(
            benchmark.run(on, new Benchmark.Size(users, entries, usersSeen, usersAwake)));
      }
    }
    BenchReport report = BenchReport.of(now, figures);
    spec.commandLine().getOut().println(report.text());
    write(report);
    return 0;
  }

  private List<Benchmark> chosen() {
    List<Benchmark> all = List.of(Benchmark.values());
    for (String name : only) {
      if (all.stream().noneMatch(benchmark -> benchmark.label().equals(name))) {
        throw new ParameterException(
            spec.commandLine(),
            "--only: %s (expected: of %s)"
                .formatted(name, Arrays.stream(Benchmark.values()).map(Benchmark::label).toList()));
      }
    }
    return only.isEmpty()
        ? all
        : all.stream().filter(benchmark -> only.contains(benchmark.label())).toList();
  }

  private void write(BenchReport report) {
    if (json == null) {
      return;
    }
    try {
      Files.writeString(json, Json.write(report) + System.lineSeparator());
    } catch (IOException e) {
      throw new OperatorException("cannot write " + json + ": " + e.getMessage(), e);
    }
  }
}
