package io.spendwatch.ops.lab.cli;

import io.spendwatch.commandline.Usage;
import io.spendwatch.ops.lab.demo.Demo;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Everything in one go. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Starts Kafka, PostgreSQL and a node, replays generated TPC-DS sales and returns, then live"
          + " traffic in which some users overspend; prints alerts as they come.",
      "With --nodes 3, one of the nodes is killed in the midst of the live traffic, and started again; the"
          + " summary says what that did.",
      "With --replica, a streaming replica of the PostgreSQL is beside it all, and the end says how far behind.",
      "With --archive, the busiest of those sales, as three days of last week, are audited and leave for an archive of"
          + " Parquet files; they are asked over there by SQL, and one of them comes back.",
      "With --from-database, all of it comes from the database of a shop that sells and takes back: its log is"
          + " captured, the capture is killed in the midst and started again, and the end compares both databases.",
      "With --kills N beside it, everything is killed in turn, N times in all, and a warehouse is compared, too.",
      "Ends at --duration or on Ctrl-C, with a summary; nothing is left running or lying about."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:it came to its end at --duration, or after all --kills",
      "1:something failed, and one line says what; or, with --from-database, the ends differ, the audit has findings,"
          + " or not all --kills were done",
      "2:wrong usage",
      "130:it came to its end on Ctrl-C"
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  spendwatch demo --nodes 3 --duration 2m",
      "  spendwatch demo --archive --duration 3m",
      "  spendwatch demo --from-database --duration 1m",
      "  spendwatch demo --from-database --kills 10"
    })
public final class DemoCommand implements Callable<Integer> {
  /** For the summary and the end of everything, after Ctrl-C. */
  private static final Duration FINISH_MAX = Duration.ofSeconds(60);

  /** Each takes up to half a gigabyte. */
  private static final int NODES_MAX = 8;

  @Spec private CommandSpec spec;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      description = "From the command to the summary (default: until Ctrl-C).")
  private Duration duration;

  @Option(
      names = "--scale",
      paramLabel = "S",
      defaultValue = "0.02",
      description = "Of the TPC-DS data; 1 is half a million transactions (${DEFAULT-VALUE}).")
  private double scale;

  @Option(
      names = "--nodes",
      paramLabel = "N",
      defaultValue = "1",
      description = "How many share the work; from 2 on one is killed (${DEFAULT-VALUE}).")
  private int nodes;

  @Option(
      names = "--replica",
      description = "A streaming replica of the PostgreSQL, too, for dear questions.")
  private boolean replica;

  @Option(
      names = "--token",
      description =
          "Nodes answer nobody without a token, which is made for this demo; the dashboard has it from the address"
              + " that is printed.")
  private boolean token;

  @Option(names = "--archive", description = "Three days leave for an archive, and one comes back.")
  private boolean archive;

  @Option(
      names = "--from-database",
      paramLabel = "mariadb|postgres",
      arity = "0..1",
      fallbackValue = "postgres",
      converter = EngineConverter.class,
      description = "Captures a business database of this product (default postgres).")
  private Engine business;

  @Option(
      names = "--kills",
      paramLabel = "N",
      description =
          "With --from-database: a warehouse is captured, too, and captures, Kafka, PostgreSQL, node and business"
              + " database are killed so many times in all, one after the other; then it ends.")
  private Integer kills;

  @Option(
      names = "--data-dir",
      paramLabel = "DIR",
      description = "Keep the data here (default: a temporary directory that is removed).")
  private Path dataDir;

  @Override
  public Integer call() {
    if (!(scale > 0 && scale <= 100)) {
      throw new ParameterException(
          spec.commandLine(), "--scale: " + scale + " (expected: above 0, at most 100)");
    }
    if (nodes < 1 || nodes > NODES_MAX) {
      throw new ParameterException(
          spec.commandLine(), "--nodes: " + nodes + " (expected: 1.." + NODES_MAX + ")");
    }
    if (business != null && nodes > 1) {
      throw new ParameterException(
          spec.commandLine(), "--nodes: " + nodes + " (expected: 1 with --from-database)");
    }
    if (kills != null) {
      Usage.requireAtLeastOne(spec, "--kills", kills);
      if (business == null) {
        throw new ParameterException(
            spec.commandLine(), "--kills: " + kills + " (expected: with --from-database)");
      }
    }
    if (archive && (business != null || nodes > 1)) {
      throw new ParameterException(
          spec.commandLine(), "--archive: (expected: without --from-database, and one node)");
    }
    if (duration != null && !duration.isPositive()) {
      throw new ParameterException(
          spec.commandLine(), "--duration: " + duration + " (expected: more than nothing)");
    }
    var done = new CountDownLatch(1);
    try {
      return play(done) ? 0 : 1;
    } finally {
      done.countDown();
    }
  }

  private boolean play(CountDownLatch done) {
    try (DataDirectory directory =
        dataDir == null ? DataDirectory.temporary() : DataDirectory.take(dataDir)) {
      var demo =
          new Demo(
              new Demo.Plan(
                  Home.root(),
                  Optional.ofNullable(duration),
                  scale,
                  nodes,
                  replica,
                  token,
                  archive,
                  Optional.ofNullable(business),
                  kills == null ? 0 : kills),
              directory,
              spec.commandLine().getOut());
      Runtime.getRuntime().addShutdownHook(new Thread(() -> finish(demo, done), "finish-demo"));
      return demo.run();
    }
  }

  /** On Ctrl-C the JVM ends when its hooks have: ours waits for the demo to come to its end. */
  private static void finish(Demo demo, CountDownLatch done) {
    demo.finish();
    try {
      var _ = done.await(FINISH_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
