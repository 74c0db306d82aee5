package io.spendwatch.ops.demo;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.http.Json;
import io.spendwatch.ops.process.GuardedProcess;
import io.spendwatch.ops.schema.PostgresAddress;
import io.spendwatch.ops.servers.DataDirectory;
import io.spendwatch.ops.servers.EmbeddedServers;
import io.spendwatch.ops.servers.Ports;
import io.spendwatch.ops.setup.Preparation;
import io.spendwatch.ops.setup.Waiting;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.protocol.Topics;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Everything in one go: real servers, a node, recorded sales, then live traffic; alerts as they
 * come, and a summary.
 *
 * <p>The servers run as children of this process, the node and the traffic as the commands that a
 * user would give. All of them end with this process, however that ends. {@link #run} is for one
 * thread; {@link #finish} may come from any.
 */
public final class Demo {
  private static final Duration CATCH_UP_MAX = Duration.ofSeconds(15);
  private static final Duration LIVE_END_MARGIN = Duration.ofSeconds(5);
  private static final Duration LOOK = Duration.ofMillis(250);
  private static final String SET = "tpcds";

  /** Live traffic: what two processors do on the side. */
  private static final List<String> LIVE =
      List.of("--rate", "200/s", "--users", "500", "--overspend", "0.1");

  /**
   * What a demo is told.
   *
   * @param home the project's root, where the launcher is
   * @param duration from the command to the end; empty for until it is told to {@link #finish}
   * @param scale of the recorded sales; 1 is half a million transactions
   */
  public record Plan(Path home, Optional<Duration> duration, double scale) {}

  private final Plan plan;
  private final DataDirectory directory;
  private final PrintWriter out;
  private final long startedNanos = System.nanoTime();
  private final CountDownLatch finish = new CountDownLatch(1);
  private final Deque<AutoCloseable> running = new ArrayDeque<>();
  private final Topics topics = Topics.DEFAULT;

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
   * @throws OperatorException if a part of it does not work
   */
  public void run() {
    try {
      play();
    } catch (SQLException | ExecutionException | TimeoutException e) {
      throw new OperatorException("the demo cannot go on: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    } finally {
      stopAll();
    }
  }

  private void play()
      throws SQLException, ExecutionException, InterruptedException, TimeoutException {
    var children = new Children(plan.home(), directory.root());
    Path data = directory.root().resolve("data");
    say(
        "Starting Kafka and PostgreSQL; generating TPC-DS sales and returns, scale "
            + plan.scale());
    GuardedProcess generate =
        keep(
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
    EmbeddedServers servers = keep(EmbeddedServers.start(directory, 0, 0));
    PostgresAddress database = PostgresAddress.parse(servers.postgres().uri(), "", "");
    Map<String, Object> client = Map.of("bootstrap.servers", servers.bootstrapServers());
    prepare(database, client);

    int httpPort = Ports.freeOrAny(Configuration.load().http().port());
    Map<String, String> environment = new HashMap<>(servers.environment());
    environment.put("SPENDWATCH_HTTP_PORT", Integer.toString(httpPort));
    URI http = URI.create("http://" + Ports.LOOPBACK + ":" + httpPort);
    say("Starting a node; it answers at " + http);
    GuardedProcess node = keep(children.start(environment, List.of("node")));
    AlertFeed feed = keep(AlertFeed.start(out, startedNanos, client, topics.alerts()));

    if (await(generate, node, servers)) {
      say("Replaying the sales: " + lastLine(generate));
      GuardedProcess replay =
          keep(
              children.start(
                  environment,
                  List.of(
                      "replay", data.resolve(SET + ".transactions.csv.gz").toString(),
                      "--accounts", data.resolve(SET + ".accounts.csv.gz").toString())));
      if (await(replay, node, servers)) {
        say("Replay has ended: " + lastLine(replay));
        live(children, environment, node, servers);
      }
    }
    Optional<ClusterStatus> status = catchUp(http);
    var summary = Summary.take(database, client, topics, feed, status);
    out.println(summary.text());
    out.flush();
  }

  private void prepare(PostgresAddress database, Map<String, Object> client) throws SQLException {
    var preparation = new Preparation(new Waiting(out, Duration.ofMinutes(1)));
    int _ = preparation.schema(database, Instant.now());
    // Five years of sales are sixty partitions then, not eighteen hundred.
    try (Connection connection = database.connect("spendwatch-demo");
        Statement statement = connection.createStatement()) {
      statement.execute("UPDATE spendwatch.settings SET partition_granularity = 'month'");
    }
    var _ = preparation.topics(client, topics, OptionalInt.empty(), OptionalInt.of(1));
  }

  private void live(
      Children children,
      Map<String, String> environment,
      GuardedProcess node,
      EmbeddedServers servers)
      throws InterruptedException {
    // It ends a little earlier than the demo, so that it can say what it has done.
    Duration left =
        plan.duration().map(this::left).orElse(Duration.ofDays(1)).minus(LIVE_END_MARGIN);
    if (!left.isPositive()) {
      return;
    }
    say("Live traffic, in which some users overspend (" + String.join(" ", LIVE) + ")");
    List<String> arguments = new java.util.ArrayList<>(List.of("load"));
    arguments.addAll(LIVE);
    arguments.addAll(List.of("--duration", left.toMillis() + "ms"));
    GuardedProcess load = keep(children.start(environment, arguments));
    boolean ended = await(load, node, servers);
    load.close();
    if (ended) {
      say("Live traffic has ended: " + lastLine(load));
    }
  }

  /**
   * Waits for a child's end.
   *
   * @return false if the demo is to come to its end first
   * @throws OperatorException if it fails, or what it needs has stopped
   */
  private boolean await(GuardedProcess child, GuardedProcess node, EmbeddedServers servers)
      throws InterruptedException {
    CompletableFuture<Integer> exit = child.exit();
    CompletableFuture<String> serversEnded = servers.ended();
    while (!exit.isDone()) {
      if (!node.isRunning()) {
        throw new OperatorException(node.lastWords());
      }
      if (serversEnded.isDone()) {
        throw new OperatorException(serversEnded.join());
      }
      boolean timeIsUp = plan.duration().map(d -> !left(d).isPositive()).orElse(false);
      if (timeIsUp || finish.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
        return false;
      }
    }
    if (exit.join() != 0) {
      throw new OperatorException(child.lastWords() + ": " + lastLine(child));
    }
    return true;
  }

  /** Waits, for a bounded time, until the node has read everything. */
  private static Optional<ClusterStatus> catchUp(URI http) throws InterruptedException {
    long deadline = System.nanoTime() + CATCH_UP_MAX.toNanos();
    Optional<ClusterStatus> status = Optional.empty();
    try (HttpClient client = HttpClient.newHttpClient()) {
      while (System.nanoTime() < deadline) {
        status = ask(client, http).or(noChange(status));
        if (status.map(s -> Long.valueOf(0).equals(s.totals().lagRecords())).orElse(false)) {
          break;
        }
        TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
      }
    }
    return status;
  }

  private static java.util.function.Supplier<Optional<ClusterStatus>> noChange(
      Optional<ClusterStatus> status) {
    return () -> status;
  }

  private static Optional<ClusterStatus> ask(HttpClient client, URI http)
      throws InterruptedException {
    try {
      var request =
          HttpRequest.newBuilder(http.resolve("/api/v1/status"))
              .timeout(Duration.ofSeconds(2))
              .build();
      return Optional.of(
          Json.read(
              client.send(request, HttpResponse.BodyHandlers.ofString()).body(),
              ClusterStatus.class));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private Duration left(Duration whole) {
    return whole.minusNanos(System.nanoTime() - startedNanos);
  }

  private static String lastLine(GuardedProcess child) {
    return child.output().lines().filter(line -> !line.isBlank()).reduce((_, l) -> l).orElse("");
  }

  private void say(String what) {
    out.println(
        "[%5.1f s] %s".formatted((System.nanoTime() - startedNanos) / 1_000_000_000.0, what));
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
