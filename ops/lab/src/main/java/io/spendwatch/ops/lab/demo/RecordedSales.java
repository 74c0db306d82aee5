package io.spendwatch.ops.lab.demo;

import io.spendwatch.ops.lab.process.Children;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The traffic of a demo that has no business database: recorded sales, replayed, then generated
 * ones, live. What it has started ends with it. For one thread.
 */
final class RecordedSales implements AutoCloseable {
  private static final String SET = "tpcds";

  /** Live traffic: what two processors do on the side. */
  private static final List<String> LIVE =
      List.of("--rate=200/s", "--users=500", "--scenario-rate=2/s", "--duplicates=0", "--no-check");

  private final Children children;
  private final Map<String, String> environment;
  private final Path data;
  private final GuardedProcess generate;
  private final Optional<ArchivedDays> archived;
  private final Watch watch;
  private final Consumer<String> say;
  private final Deque<GuardedProcess> running = new ArrayDeque<>();

  /**
   * Begins to generate a data set, in a process of its own.
   *
   * @param data directory for it
   * @param scale 1 is half a million transactions
   */
  static GuardedProcess generate(Children children, Path data, double scale) {
    return children.start(
        Map.of(),
        List.of(
            "generate",
            SET,
            "--scale",
            Double.toString(scale),
            "--out",
            data.toString(),
            "--set",
            SET));
  }

  /**
   * Of what is being generated.
   *
   * @param environment by which commands find our servers
   * @param archived of which days are replayed in place of all, and leave while traffic is live
   * @param say is told what happens, for people
   */
  RecordedSales(
      Children children,
      Map<String, String> environment,
      Path data,
      GuardedProcess generate,
      Optional<ArchivedDays> archived,
      Watch watch,
      Consumer<String> say) {
    this.children = children;
    this.environment = environment;
    this.data = data;
    this.generate = generate;
    this.archived = archived;
    this.watch = watch;
    this.say = say;
  }

  /**
   * Replays them when they are there.
   *
   * @return false if the demo is to come to its end first
   */
  boolean replay() throws InterruptedException, SQLException {
    if (!watch.await(generate)) {
      say.accept("It has ended before any sales were there: give it a longer --duration");
      return false;
    }
    Path transactions = data.resolve(SET + ".transactions.csv.gz");
    if (archived.isPresent()) {
      Path moved = data.resolve("last-week.transactions.csv.gz");
      archived.get().write(transactions, moved, LocalDate.now(ZoneOffset.UTC));
      transactions = moved;
      say.accept("Replaying the busiest days as three days of last week: " + archived.get().text());
    } else {
      say.accept("Replaying the sales: " + Watch.lastLine(generate));
    }
    GuardedProcess replay =
        start(
            List.of(
                "replay", transactions.toString(),
                "--accounts", data.resolve(SET + ".accounts.csv.gz").toString()));
    if (!watch.await(replay)) {
      // What is summed up is not to grow meanwhile.
      replay.close();
      say.accept("It has ended before all were replayed: give it a longer --duration");
      return false;
    }
    say.accept("Replay has ended: " + Watch.lastLine(replay));
    return true;
  }

  /**
   * Live traffic; with several nodes, one is killed in the midst of it and started again.
   *
   * @param left how long
   * @param topic of the transactions
   * @return what that did; empty where it was not done, or the demo did not go on for long enough
   */
  Optional<Failover> live(Duration left, Nodes nodes, String topic, PostgresAddress database)
      throws InterruptedException, SQLException {
    say.accept("Live traffic, in which some users overspend (" + String.join(" ", LIVE) + ")");
    List<String> arguments = new ArrayList<>(List.of("load"));
    arguments.addAll(LIVE);
    arguments.addAll(List.of("--duration", left.toMillis() + "ms"));
    GuardedProcess load = start(arguments);
    Optional<NodeKill> kill =
        nodes.count() > 1 ? NodeKill.kill(nodes, watch, topic, say) : Optional.empty();
    if (archived.isPresent() && !archived.get().show(watch)) {
      say.accept("The demo ends before the archive has been shown: give it a longer --duration");
    }
    boolean ended = watch.await(load);
    load.close();
    if (ended) {
      say.accept("Live traffic has ended: " + Watch.lastLine(load));
    }
    return kill.isPresent() ? Optional.of(kill.get().failover(database)) : Optional.empty();
  }

  private GuardedProcess start(List<String> arguments) {
    GuardedProcess child = children.start(environment, arguments);
    running.push(child);
    return child;
  }

  @Override
  public void close() {
    while (!running.isEmpty()) {
      running.pop().close();
    }
  }
}
