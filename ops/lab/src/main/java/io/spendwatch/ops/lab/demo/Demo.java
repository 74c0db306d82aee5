package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.cli.StandardOutput;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.process.Children;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.StatusText;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.ops.terminal.Terminal;
import io.spendwatch.ops.terminal.Wrapped;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Everything in one go: real servers, nodes, recorded sales, then live traffic, in which one of
 * several nodes is killed; alerts as they come, and a summary. Or three days of the sales leave for
 * an archive; or all of it comes from a shop's database, and what captures that is killed.
 *
 * <p>The servers run as children of this process, the nodes and the traffic as the commands that a
 * user would give. All of them end with this process, however that ends. {@link #run} is for one
 * thread; {@link #finish} may come from any.
 */
public final class Demo {
  private static final Duration AUDIT_MAX = Duration.ofMinutes(5);
  private static final Duration CATCH_UP_MAX = Duration.ofSeconds(15);

  /** For what the last sales take to us, on a machine that has much else to do. */
  private static final Duration AGREEMENT_MAX = Duration.ofSeconds(60);

  private static final Duration AFTER_KILLS_MAX = Duration.ofMinutes(5);
  private static final Duration LIVE_END_MARGIN = Duration.ofSeconds(5);
  static final Duration LOOK = Duration.ofMillis(250);
  private static final Duration BEFORE_KILL = Duration.ofSeconds(8);
  private static final Duration BEFORE_RESTART = Duration.ofSeconds(3);
  private static final String SET = "tpcds";

  /** Live traffic: what two processors do on the side. */
  private static final List<String> LIVE =
      List.of("--rate=200/s", "--users=500", "--scenario-rate=2/s", "--duplicates=0", "--no-check");

  /**
   * What a demo is told.
   *
   * @param home the project's root, where the launcher is
   * @param duration from the command to the end; empty for until it is told to {@link #finish}
   * @param scale of the recorded sales; 1 is half a million transactions
   * @param nodes how many share the work; from two on, one is killed
   * @param replica whether there is a replica of the PostgreSQL, too
   * @param archive whether three days of the recorded sales leave for an archive, and only they are
   *     replayed
   * @param business the product of a business database that all of it is captured from, instead of
   *     recorded sales and generated traffic; the capture is killed, and no node
   * @param kills of all that there is then, one after the other, beside a warehouse that is
   *     captured, too; it ends after the last one. 0: the capture is killed once, and nothing else
   */
  public record Plan(
      Path home,
      Optional<Duration> duration,
      double scale,
      int nodes,
      boolean replica,
      boolean archive,
      Optional<BusinessServer.Engine> business,
      int kills) {}

  private final Plan plan;
  private final DataDirectory directory;
  private final PrintWriter out;
  private final Terminal terminal = Terminal.ofStandardOutput();
  private final long startedNanos = System.nanoTime();
  private final CountDownLatch finish = new CountDownLatch(1);
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Topics topics = Topics.DEFAULT;

  /** Of those kills that were asked for. */
  private boolean allKilled;

  /**
   * Nothing is started yet.
   *
   * @param directory stays open: whoever took it closes it
   */
  public Demo(Plan plan, DataDirectory directory, PrintWriter out) {
    this.plan = plan;
    this.directory = directory;
    this.out = out;
  }

  /** Tells it to come to its end. */
  public void finish() {
    finish.countDown();
  }

  /**
   * Runs the whole demo and stops everything that it has started. Blocks.
   *
   * @return false if what came from a business database is not the same at both ends, or its audit
   *     has findings
   * @throws OperatorException if a part of it does not work
   */
  public boolean run() {
    try {
      return play();
    } catch (SQLException | ExecutionException | TimeoutException e) {
      throw new OperatorException("the demo cannot go on: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    } finally {
      stopAll();
    }
  }

  private boolean play()
      throws SQLException, ExecutionException, InterruptedException, TimeoutException {
    var children = new Children(plan.home(), directory.root());
    Path data = directory.root().resolve("data");
    say(
        plan.business().isPresent()
            ? "Starting Kafka, PostgreSQL and a business database"
            : "Starting Kafka and PostgreSQL; generating TPC-DS sales and returns, scale "
                + plan.scale());
    Optional<GuardedProcess> generate =
        plan.business().isPresent() ? Optional.empty() : Optional.of(generate(children, data));
    EmbeddedServers servers = keep(EmbeddedServers.start(directory, 0, 0));
    PostgresAddress database = PostgresAddress.parse(servers.postgres().uri(), "", "");
    Map<String, Object> client = Map.of("bootstrap.servers", servers.bootstrapServers());
    prepare(database, client);

    Map<String, String> environment = servers.environment();
    if (plan.replica()) {
      PostgresServer replica =
          keep(PostgresServer.startReplica(directory.replica(), servers.postgres(), 0));
      environment.put("SPENDWATCH_PG_REPLICA_URI", replica.uri());
      say("A replica follows the PostgreSQL, for dear questions: " + replica.uri());
    }
    Nodes nodes =
        keep(
            new Nodes(
                children,
                environment,
                plan.nodes(),
                Ports.freeOrAny(Configuration.load().http().port())));
    say(
        (plan.nodes() == 1
                ? "Starting a node; the dashboard is at "
                : String.format(
                    Locale.ROOT, "Starting %d nodes; the dashboard is at ", plan.nodes()))
            + nodes.http());
    Map<String, Object> patient = new HashMap<>(client);
    patient.put(
        "default.api.timeout.ms", Math.toIntExact(Configuration.readStartTimeout().toMillis()));
    AlertFeed feed = keep(AlertFeed.start(out, startedNanos, patient, topics.alerts()));

    Map<String, String> besideNodes = new HashMap<>(environment);
    besideNodes.put("SPENDWATCH_HTTP_PORT", Integer.toString(nodes.http().getPort()));
    Optional<Failover> failover = Optional.empty();
    Optional<BothEnds> ends = Optional.empty();
    Optional<FromDatabase> source = Optional.empty();
    Optional<ArchivedDays> archived =
        plan.archive()
            ? Optional.of(
                new ArchivedDays(
                    children,
                    besideNodes,
                    directory.root().resolve("archive"),
                    database,
                    this::say))
            : Optional.empty();
    if (plan.business().isPresent()) {
      FromDatabase business =
          keep(
              new FromDatabase(
                  plan.business().get(),
                  plan.home(),
                  directory,
                  children,
                  environment,
                  database,
                  this::say));
      source = Optional.of(business);
      ends = Optional.of(captured(business, servers, nodes));
    } else {
      failover =
          recorded(
              generate.orElseThrow(),
              data,
              children,
              environment,
              nodes,
              new Watch(nodes, servers, () -> {}),
              database,
              archived);
    }
    Summary summary =
        sum(database, client, feed, nodes, failover, ends, archived.flatMap(ArchivedDays::outcome));
    boolean clean = audit(children, besideNodes);
    if (source.isPresent()) {
      say("Holding the shop's rows against ours, one by one");
      clean &= audit(source.get().audit());
    }
    nodes
        .status()
        .flatMap(status -> Optional.ofNullable(status.replica()))
        .ifPresent(replica -> say("Status, " + StatusText.replica(replica)));
    out.println(summary.text());
    out.flush();
    if (plan.kills() > 0 && !allKilled) {
      say("It has ended before all were killed: give it a longer --duration, or none");
    }
    return plan.business().isEmpty()
        || (summary.nothingIsLost() && clean && (plan.kills() == 0 || allKilled));
  }

  /** Recorded sales, then live traffic. */
  private Optional<Failover> recorded(
      GuardedProcess generate,
      Path data,
      Children children,
      Map<String, String> environment,
      Nodes nodes,
      Watch watch,
      PostgresAddress database,
      Optional<ArchivedDays> archived)
      throws InterruptedException, SQLException {
    if (!watch.await(generate)) {
      return Optional.empty();
    }
    Path transactions = data.resolve(SET + ".transactions.csv.gz");
    if (archived.isPresent()) {
      Path moved = data.resolve("last-week.transactions.csv.gz");
      archived.get().write(transactions, moved, LocalDate.now(ZoneOffset.UTC));
      transactions = moved;
      say("Replaying the busiest days as three days of last week: " + archived.get().text());
    } else {
      say("Replaying the sales: " + lastLine(generate));
    }
    GuardedProcess replay =
        keep(
            children.start(
                environment,
                List.of(
                    "replay", transactions.toString(),
                    "--accounts", data.resolve(SET + ".accounts.csv.gz").toString())));
    if (!watch.await(replay)) {
      return Optional.empty();
    }
    say("Replay has ended: " + lastLine(replay));
    return live(children, environment, nodes, watch, database, archived);
  }

  /** Sales of a shop, out of its database, whose capture is killed in the midst. */
  private BothEnds captured(FromDatabase business, EmbeddedServers servers, Nodes nodes)
      throws InterruptedException, SQLException {
    var watch = new Watch(nodes, servers, business::check);
    say("The shop's database, whose log is captured, is at " + business.uri());
    GuardedProcess shop = business.openShop(trafficLeft());
    if (watch.until(business::isOpen)) {
      business.capture();
      if (plan.kills() == 0) {
        business.killCapture(watch);
        boolean _ = watch.await(shop);
      } else {
        business.captureToWarehouse();
        allKilled =
            business.awaitHistory(watch)
                && new Kills(business, servers, nodes, this::say).run(plan.kills(), watch);
      }
    }
    shop.close();
    say("The shop has closed: " + lastLine(shop));
    BothEnds ends = business.awaitAgreement(plan.kills() == 0 ? AGREEMENT_MAX : AFTER_KILLS_MAX);
    say("The capture has come after it: " + ends.rowsText());
    return ends;
  }

  private GuardedProcess generate(Children children, Path data) {
    return keep(
        children.start(
            Map.of(),
            List.of(
                "generate",
                SET,
                "--scale",
                Double.toString(plan.scale()),
                "--out",
                data.toString(),
                "--set",
                SET)));
  }

  private void prepare(PostgresAddress database, Map<String, Object> client) throws SQLException {
    var preparation =
        new Preparation(
            out, Configuration.readStartTimeout(), Timekeeper.real(InstantSource.system()));
    int _ = preparation.schema(database, Instant.now());
    var _ = preparation.topics(database, client, topics, OptionalInt.empty(), OptionalInt.of(1));
  }

  /**
   * Live traffic; with several nodes, one is killed in the midst of it and started again.
   *
   * @return what that did; empty where it was not done, or the demo did not go on for long enough
   */
  private Optional<Failover> live(
      Children children,
      Map<String, String> environment,
      Nodes nodes,
      Watch watch,
      PostgresAddress database,
      Optional<ArchivedDays> archived)
      throws InterruptedException, SQLException {
    Duration left = trafficLeft();
    if (!left.isPositive()) {
      return Optional.empty();
    }
    say("Live traffic, in which some users overspend (" + String.join(" ", LIVE) + ")");
    List<String> arguments = new ArrayList<>(List.of("load"));
    arguments.addAll(LIVE);
    arguments.addAll(List.of("--duration", left.toMillis() + "ms"));
    GuardedProcess load = keep(children.start(environment, arguments));
    Optional<Kill> kill = nodes.count() > 1 ? killOne(nodes, watch) : Optional.empty();
    if (archived.isPresent() && !archived.get().show(watch)) {
      say("The demo ends before the archive has been shown: give it a longer --duration");
    }
    boolean ended = watch.await(load);
    load.close();
    if (ended) {
      say("Live traffic has ended: " + lastLine(load));
    }
    return kill.isPresent() ? Optional.of(kill.get().failover(database)) : Optional.empty();
  }

  /** Traffic ends a little earlier than the demo, so that it can say what it has done. */
  private Duration trafficLeft() {
    return plan.duration().map(this::left).orElse(Duration.ofDays(1)).minus(LIVE_END_MARGIN);
  }

  /**
   * A node's end.
   *
   * @param since when the traffic before it is looked at
   */
  private record Kill(String node, List<Integer> partitions, Instant since, Instant at) {
    Failover failover(PostgresAddress database) throws SQLException {
      return Failover.measure(database, node, since, at, partitions);
    }
  }

  private Optional<Kill> killOne(Nodes nodes, Watch watch)
      throws InterruptedException, SQLException {
    if (!watch.until(after(BEFORE_KILL))) {
      return Optional.empty();
    }
    String victim = nodes.victim();
    Map<String, List<Integer>> before = new TreeMap<>();
    // Nodes on a machine that has too much to do may not answer at once.
    boolean known =
        watch.until(
            () -> {
              before.clear();
              before.putAll(nodes.owners(topics.transactions()));
              return before.containsKey(victim);
            });
    if (!known) {
      return Optional.empty();
    }
    int all = count(before);
    say("Partitions of the transactions: " + text(before));
    Instant now = Instant.now();
    nodes.kill(victim);
    var kill =
        new Kill(victim, before.getOrDefault(victim, List.of()), now.minus(BEFORE_KILL), now);
    say(
        String.format(
            Locale.ROOT, "%s is killed (kill -9), which had %s", victim, kill.partitions()));

    boolean others =
        watch.until(
            () -> {
              Map<String, List<Integer>> owners = nodes.owners(topics.transactions());
              return !owners.containsKey(victim) && count(owners) >= all;
            });
    if (!others) {
      return Optional.empty();
    }
    say("The others have all of them: " + text(nodes.owners(topics.transactions())));
    if (watch.until(after(BEFORE_RESTART))) {
      nodes.start(victim);
      say(victim + " is started again");
      if (watch.until(
          () -> nodes.owners(topics.transactions()).getOrDefault(victim, List.of()).size() > 0)) {
        say(victim + " is back: " + text(nodes.owners(topics.transactions())));
      }
    }
    return Optional.of(kill);
  }

  static Watch.Condition after(Duration pause) {
    long dueNanos = System.nanoTime() + pause.toNanos();
    return () -> System.nanoTime() - dueNanos >= 0;
  }

  private static int count(Map<String, List<Integer>> owners) {
    return owners.values().stream().mapToInt(List::size).sum();
  }

  private static String text(Map<String, List<Integer>> owners) {
    return owners.entrySet().stream()
        .map(owner -> owner.getKey() + " has " + owner.getValue())
        .collect(Collectors.joining(", "));
  }

  /** Waits while everything that should run does, and the demo is not to come to its end. */
  final class Watch {
    interface Condition {
      boolean holds() throws InterruptedException, SQLException;
    }

    private final Nodes nodes;
    private final EmbeddedServers servers;
    private final Runnable others;

    /**
     * @param others looks whether what else should run does; throws OperatorException where not
     */
    Watch(Nodes nodes, EmbeddedServers servers, Runnable others) {
      this.nodes = nodes;
      this.servers = servers;
      this.others = others;
    }

    /**
     * Waits for a child's end.
     *
     * @return false if the demo is to come to its end first
     * @throws OperatorException if it fails, or what it needs has stopped
     */
    boolean await(GuardedProcess child) throws InterruptedException, SQLException {
      CompletableFuture<Integer> exit = child.exit();
      if (!until(exit::isDone)) {
        return false;
      }
      if (exit.join() != 0) {
        throw new OperatorException(child.lastWords() + ": " + lastLine(child));
      }
      return true;
    }

    /**
     * Waits for so long, whatever has stopped.
     *
     * @return false if the demo is to come to its end first
     */
    boolean pause(Duration pause) throws InterruptedException {
      return !finish.await(pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    /**
     * @return false if the demo is to come to its end first
     * @throws OperatorException if a node or server has stopped
     */
    boolean until(Condition condition) throws InterruptedException, SQLException {
      CompletableFuture<String> serversEnded = servers.ended();
      while (!condition.holds()) {
        nodes.check();
        others.run();
        if (serversEnded.isDone()) {
          throw new OperatorException(serversEnded.join());
        }
        boolean timeIsUp = plan.duration().map(d -> !left(d).isPositive()).orElse(false);
        // Whoever looked has gone: there is nobody left to show anything to.
        if (timeIsUp
            || StandardOutput.isClosed(out)
            || finish.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
          return false;
        }
      }
      return true;
    }
  }

  /** Waits, for a bounded time, until the nodes have read everything, and all of it is seen. */
  private Summary sum(
      PostgresAddress database,
      Map<String, Object> client,
      AlertFeed feed,
      Nodes nodes,
      Optional<Failover> failover,
      Optional<BothEnds> ends,
      Optional<String> archived)
      throws SQLException, ExecutionException, InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + CATCH_UP_MAX.toNanos();
    Optional<ClusterStatus> status = Optional.empty();
    while (!isCaughtUp(status) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(status.isEmpty() ? 0 : LOOK.toMillis());
      Optional<ClusterStatus> before = status;
      status = nodes.status().or(() -> before);
    }
    while (true) {
      Summary summary =
          Summary.take(database, client, topics, feed, status, failover, ends, archived);
      // An alert that was published just now may not be on the screen yet.
      if (!summary.looksForLosses() || summary.nothingIsLost() || System.nanoTime() >= deadline) {
        return summary;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    }
  }

  /**
   * What the tables themselves say of all that, by the command that anybody has.
   *
   * @return whether they are clean
   */
  private boolean audit(Children children, Map<String, String> environment)
      throws ExecutionException, InterruptedException, TimeoutException {
    say("Auditing all of it in SQL");
    return audit(children.start(environment, List.of("audit")));
  }

  private boolean audit(GuardedProcess started)
      throws ExecutionException, InterruptedException, TimeoutException {
    try (GuardedProcess audit = started) {
      int status = audit.exit().get(AUDIT_MAX.toSeconds(), TimeUnit.SECONDS);
      audit.output().lines().filter(line -> !line.isBlank()).forEach(line -> say("Audit: " + line));
      return status == 0;
    }
  }

  private static boolean isCaughtUp(Optional<ClusterStatus> status) {
    return status.map(s -> Long.valueOf(0).equals(s.totals().lagRecords())).orElse(false);
  }

  private Duration left(Duration whole) {
    return whole.minusNanos(System.nanoTime() - startedNanos);
  }

  private static String lastLine(GuardedProcess child) {
    return child.output().lines().filter(line -> !line.isBlank()).reduce((_, l) -> l).orElse("");
  }

  /** As many lines as it takes: further ones begin where the first one's text does. */
  private void say(String what) {
    String when =
        String.format(
            Locale.ROOT, "[%5.1f s] ", (System.nanoTime() - startedNanos) / 1_000_000_000.0);
    List<String> lines =
        Wrapped.lines(ForeignText.shown(what), " ".repeat(when.length()), terminal.columns());
    out.println(when + String.join(System.lineSeparator(), lines).stripLeading());
    out.flush();
  }

  private <T extends AutoCloseable> T keep(T started) {
    running.push(started);
    return started;
  }

  /** Last first: the traffic, then the node, which drains, then the servers. */
  private void stopAll() {
    while (!running.isEmpty()) {
      try {
        running.pop().close();
      } catch (Exception e) {
        throw new OperatorException("a part of the demo does not stop: " + e.getMessage(), e);
      }
    }
  }
}
