package io.spendwatch.ops.lab.cli;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.bench.BenchReport;
import io.spendwatch.ops.lab.bench.Benchmark;
import io.spendwatch.ops.lab.bench.ChecksBenchmark;
import io.spendwatch.ops.lab.bench.DrainBenchmark;
import io.spendwatch.ops.lab.bench.Figure;
import io.spendwatch.ops.lab.bench.GrowthBenchmark;
import io.spendwatch.ops.lab.bench.HtapBenchmark;
import io.spendwatch.ops.lab.bench.LatencyBenchmark;
import io.spendwatch.ops.lab.bench.MixedBenchmark;
import io.spendwatch.ops.lab.bench.turns.Bench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures what things cost. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures on clean embedded servers, beside a bare loop that does no more than it must: how fast"
          + " a backlog is taken (drain), how that changes with users and the length of windows (growth),"
          + " how long alerts take at steady rates (latency). And how soon a node that is started decides (start), what users in memory cost (memory), how fast they are read"
          + " back after a restart (restore), what years of daily partitions cost an insert and the"
          + " read of a window (partitions), what a start costs however many alerts were ever written (takeover),"
          + " and a write while somebody holds an old snapshot (snapshot), what analysis beside it costs ingestion (mixed), a published case"
          + " of complex questions beside it, with roll-ups, as reports of the node, without roll-ups and from a"
          + " replica (htap), and what an audit takes, and"
          + " costs it (audit). And the first two beside a Kafka Streams job that does the same (peers).",
      "Each figure is checked: a wrong assessment ends it with status 1."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:measured",
      "1:a figure's answers were wrong, or it could not run",
      "2:wrong usage"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch bench --only drain,latency --json figures.json")
public final class BenchCommand implements Callable<Integer> {
  /** Of the mixed load, at most: few enough to be in memory with the default heap. */
  private static final int MIXED_USERS_MAX = 10_000;

  private static final int MIXED_BACKLOG = 100_000;
  private static final int DRAIN_BACKLOG = 2_000_000;
  private static final int START_BACKLOG = 100_000;
  @Spec private CommandSpec spec;

  @Option(
      names = "--only",
      paramLabel = "NAME",
      split = ",",
      description =
          "Of drain, peers, start, growth, latency, memory, restore, partitions, takeover, snapshot,"
              + " mixed, htap, checks, audit (default: all).")
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
      names = "--days",
      paramLabel = "N",
      defaultValue = "1826",
      description = "Daily partitions of the larger table of two (${DEFAULT-VALUE}).")
  private int days;

  @Option(
      names = "--rows-per-day",
      paramLabel = "N",
      defaultValue = "1000",
      description = "In each of them (${DEFAULT-VALUE}).")
  private int rowsPerDay;

  @Option(
      names = "--alerts",
      paramLabel = "N",
      defaultValue = "10000000",
      description = "That were ever written where a partition starts (${DEFAULT-VALUE}).")
  private long alerts;

  @Option(
      names = "--writes",
      paramLabel = "N",
      defaultValue = "16000",
      description = "Batches written beside an old snapshot (${DEFAULT-VALUE}).")
  private int writes;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "10000000",
      description = "That an audit looks at; decided by a node first (${DEFAULT-VALUE}).")
  private long rows;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "5000",
      description = "Transactions a second of mixed, checks and audit (${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--rates",
      paramLabel = "N",
      split = ",",
      defaultValue = "1000,5000,10000,20000",
      description = "Transactions a second at which latency is measured (${DEFAULT-VALUE}).")
  private List<Integer> rates;

  @Option(
      names = "--phase",
      paramLabel = "DURATION",
      defaultValue = "20s",
      description = "How long each rate lasts in each turn (${DEFAULT-VALUE}).")
  private Duration phase;

  @Option(
      names = "--backlog",
      paramLabel = "N",
      description =
          "Transactions that are produced at once, to see how fast they are taken (drain: 2000000,"
              + " mixed: 100000).")
  private Integer backlog;

  @Option(
      names = "--queries",
      paramLabel = "N",
      defaultValue = "50",
      description = "Analytical queries a second beside it (${DEFAULT-VALUE}).")
  private int queries;

  @Option(
      names = "--checks",
      paramLabel = "N",
      defaultValue = "500",
      description = "Questions a second what a transaction would do (${DEFAULT-VALUE}).")
  private int checks;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "3",
      description = "Of turns (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--growth-users",
      paramLabel = "N",
      split = ",",
      defaultValue = "10000,100000,1000000",
      description = "Users with whom growth is measured (${DEFAULT-VALUE}).")
  private List<Integer> growthUsers;

  @Option(
      names = "--growth-entries",
      paramLabel = "N",
      split = ",",
      defaultValue = "10,100,1000,10000",
      description = "Transactions in a window with which growth is measured (${DEFAULT-VALUE}).")
  private List<Integer> growthEntries;

  @Option(
      names = "--htap-rows",
      paramLabel = "N",
      defaultValue = "1000000",
      description =
          "Transactions of 180 days before htap; the published case has ten million (${DEFAULT-VALUE}).")
  private long htapRows;

  @Option(
      names = "--htap-rates",
      paramLabel = "N",
      split = ",",
      defaultValue = "1000,3000,5000,7000,10000",
      description = "Transactions a second of htap (${DEFAULT-VALUE}).")
  private List<Integer> htapRates;

  @Option(
      names = "--htap-soak",
      paramLabel = "DURATION",
      defaultValue = "0s",
      description =
          "For how long htap goes on at 5,000 a second in the end, such as 30m (not at all).")
  private Duration htapSoak;

  @Option(
      names = "--on-configured-servers",
      description = {
        "Measure on the Kafka and PostgreSQL that the settings name"
            + " (SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS, SPENDWATCH_PG_URI, ...) instead of embedded ones,"
            + " as a user who may create databases. All databases, topics and groups are new ones, named"
            + " spendwatch-bench-..., and removed at the end; nothing else there is touched."
      })
  private boolean onConfiguredServers;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "Of the transactions (${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--java-opts",
      paramLabel = "OPTIONS",
      defaultValue = "",
      description = "Of the JVMs of node and rival alike, beside the launcher's (none).")
  private String javaOptions;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write machine, figures and settings there, too.")
  private Path json;

  @Override
  public Integer call() {
    List<Benchmark> chosen = chosen();
    checkSizes();
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    String loadAverage = BenchReport.loadAverage();
    List<Figure> figures = new ArrayList<>();
    BenchReport report;
    try (Bench bench =
        new Bench(
            Home.root(),
            Configuration.load(),
            onConfiguredServers,
            now,
            spec.commandLine().getErr())) {
      for (Benchmark benchmark : chosen) {
        figures.addAll(benchmark.run(bench, size()));
      }
      report = BenchReport.of(now, loadAverage, Home.root(), bench.servers(), settings(), figures);
    }
    spec.commandLine().getOut().println(report.text());
    write(report);
    return 0;
  }

  /** Whatever is given as an int, or as several, is a size. */
  private void checkSizes() {
    spec.options().stream()
        .map(OptionSpec::getValue)
        .flatMap(value -> value instanceof List<?> list ? list.stream() : Stream.ofNullable(value))
        .filter(value -> value instanceof Integer size && size < 1)
        .findFirst()
        .ifPresent(
            size -> {
              throw new ParameterException(spec.commandLine(), size + " (expected: at least 1)");
            });
  }

  private Benchmark.Size size() {
    int mixedUsers = Math.min(users, MIXED_USERS_MAX);
    return new Benchmark.Size(
        users,
        entries,
        usersSeen,
        usersAwake,
        days,
        rowsPerDay,
        alerts,
        writes,
        rows,
        new MixedBenchmark.Load(
            rate, phase, backlogOr(MIXED_BACKLOG), queries, mixedUsers, rounds, seed),
        new HtapBenchmark.Load(htapRates, phase, htapRows, queries, mixedUsers, htapSoak, seed),
        new ChecksBenchmark.Load(rate, checks, phase, users, rounds, javaOptions, seed),
        new DrainBenchmark.Load(backlogOr(DRAIN_BACKLOG), users, rounds, javaOptions, seed),
        new DrainBenchmark.Load(backlogOr(START_BACKLOG), users, rounds, javaOptions, seed),
        new LatencyBenchmark.Load(rates, phase, users, rounds, javaOptions, seed),
        new GrowthBenchmark.Load(
            backlogOr(DRAIN_BACKLOG), growthUsers, growthEntries, rounds, javaOptions, seed),
        seed);
  }

  private int backlogOr(int otherwise) {
    return backlog == null ? otherwise : backlog;
  }

  /** All options that have a value. */
  private Map<String, String> settings() {
    Map<String, String> settings = new TreeMap<>();
    for (OptionSpec option : spec.options()) {
      Object value = option.getValue();
      if (value != null && !option.usageHelp() && !option.versionHelp()) {
        settings.put(option.longestName(), value.toString());
      }
    }
    return settings;
  }

  private List<Benchmark> chosen() {
    List<Benchmark> all = List.of(Benchmark.values());
    List<String> labels = all.stream().map(Benchmark::label).toList();
    for (String name : only) {
      if (!labels.contains(name)) {
        throw new ParameterException(
            spec.commandLine(),
            String.format(Locale.ROOT, "--only: %s (expected: of %s)", name, labels));
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
