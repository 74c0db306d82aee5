package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.lab.process.Children;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import io.spendwatch.ops.lab.sandbox.OperatorToken;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.status.StatusText;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

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
  /** For what the last sales take to us, on a machine that has much else to do. */
  private static final Duration AGREEMENT_MAX = Duration.ofSeconds(60);

  private static final Duration AFTER_KILLS_MAX = Duration.ofMinutes(5);

  /**
   * What a demo is told.
   *
   * @param home the project's root, where the launcher is
   * @param duration from the command to the end; empty for until it is told to {@link #finish}
   * @param scale of the recorded sales; 1 is half a million transactions
   * @param nodes how many share the work; from two on, one is killed
   * @param replica whether there is a replica of the PostgreSQL, too
   * @param token whether nodes answer nobody without a token, which is made for it
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
      boolean token,
      boolean archive,
      Optional<BusinessServer.Engine> business,
      int kills) {}

  private final Plan plan;
  private final DataDirectory directory;
  private final PrintWriter out;
  private final long startedNanos = System.nanoTime();
  private final DemoEnd end;
  private final Narration narration;
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
    this.end = new DemoEnd(plan.duration(), startedNanos, out);
    this.narration = new Narration(out, startedNanos);
  }

  /** Tells it to come to its end. */
  public void finish() {
    end.tell();
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
    narration.say(
        plan.business().isPresent()
            ? "Starting Kafka, PostgreSQL and a business database"
            : "Starting Kafka and PostgreSQL; generating TPC-DS sales and returns, scale "
                + plan.scale());
    Optional<GuardedProcess> generate =
        plan.business().isPresent()
            ? Optional.empty()
            : Optional.of(keep(RecordedSales.generate(children, data, plan.scale())));
    EmbeddedServers servers = keep(EmbeddedServers.start(directory, 0, 0));
    PostgresAddress database = PostgresAddress.parse(servers.postgres().uri(), "", "");
    Map<String, Object> client = Map.of("bootstrap.servers", servers.bootstrapServers());
    prepare(database, client);

    Map<String, String> environment = servers.environment();
    if (plan.replica()) {
      PostgresServer replica =
          keep(PostgresServer.startReplica(directory.replica(), servers.postgres(), 0));
      environment.put("SPENDWATCH_PG_REPLICA_URI", replica.uri());
      narration.say("A replica follows the PostgreSQL, for dear questions: " + replica.uri());
    }
    Optional<OperatorToken> token =
        plan.token() ? Optional.of(OperatorToken.in(directory.http())) : Optional.empty();
    token.ifPresent(made -> environment.putAll(made.environment()));
    Nodes nodes =
        keep(
            new Nodes(
                children,
                environment,
                token,
                plan.nodes(),
                Ports.freeOrAny(Configuration.load().http().port())));
    narration.say(
        (plan.nodes() == 1
                ? "Starting a node; the dashboard is at "
                : String.format(
                    Locale.ROOT, "Starting %d nodes; the dashboard is at ", plan.nodes()))
            + nodes.dashboard());
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
                    narration::say))
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
                  narration::say));
      source = Optional.of(business);
      ends = Optional.of(captured(business, servers, nodes));
    } else {
      RecordedSales sales =
          keep(
              new RecordedSales(
                  children,
                  environment,
                  data,
                  generate.orElseThrow(),
                  archived,
                  new Watch(nodes, servers, () -> {}, end),
                  narration::say));
      failover = recorded(sales, nodes, database);
    }
    Reckoning reckoning = new Reckoning(database, client, topics, narration::say);
    Summary summary =
        reckoning.sum(feed, nodes, failover, ends, archived.flatMap(ArchivedDays::outcome));
    narration.say("Auditing all of it in SQL");
    boolean clean = reckoning.isClean(children.start(besideNodes, List.of("audit")));
    if (source.isPresent()) {
      narration.say("Holding the shop's rows against ours, one by one");
      clean &= reckoning.isClean(source.get().audit());
    }
    nodes
        .status()
        .flatMap(status -> Optional.ofNullable(status.replica()))
        .ifPresent(replica -> narration.say("Status, " + StatusText.replica(replica)));
    out.println(summary.text());
    out.flush();
    if (plan.kills() > 0 && !allKilled) {
      narration.say("It has ended before all were killed: give it a longer --duration, or none");
    }
    return plan.business().isEmpty()
        || (summary.nothingIsLost() && clean && (plan.kills() == 0 || allKilled));
  }

  /** Recorded sales, then live traffic, if there is time for it. */
  private Optional<Failover> recorded(RecordedSales sales, Nodes nodes, PostgresAddress database)
      throws InterruptedException, SQLException {
    if (!sales.replay()) {
      return Optional.empty();
    }
    Duration left = end.trafficLeft();
    return left.isPositive()
        ? sales.live(left, nodes, topics.transactions(), database)
        : Optional.empty();
  }

  /** Sales of a shop, out of its database, whose capture is killed in the midst. */
  private BothEnds captured(FromDatabase business, EmbeddedServers servers, Nodes nodes)
      throws InterruptedException, SQLException {
    var watch = new Watch(nodes, servers, business::check, end);
    narration.say("The shop's database, whose log is captured, is at " + business.uri());
    GuardedProcess shop = business.openShop(end.trafficLeft());
    if (watch.until(business::isOpen)) {
      business.capture();
      if (plan.kills() == 0) {
        business.killCapture(watch);
        boolean _ = watch.await(shop);
      } else {
        business.captureToWarehouse();
        allKilled =
            business.awaitHistory(watch)
                && new Kills(business, servers, nodes, narration::say).run(plan.kills(), watch);
      }
    }
    shop.close();
    narration.say("The shop has closed: " + Watch.lastLine(shop));
    BothEnds ends = business.awaitAgreement(plan.kills() == 0 ? AGREEMENT_MAX : AFTER_KILLS_MAX);
    narration.say("The capture has come after it: " + ends.rowsText());
    return ends;
  }

  private void prepare(PostgresAddress database, Map<String, Object> client) throws SQLException {
    var preparation =
        new Preparation(
            out, Configuration.readStartTimeout(), Timekeeper.real(InstantSource.system()));
    int _ = preparation.schema(database, Instant.now());
    var _ = preparation.topics(database, client, topics, OptionalInt.empty(), OptionalInt.of(1));
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
