package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.process.Children;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import io.spendwatch.ops.lab.sandbox.database.SampleShop;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The way from a business database: a shop sells, and a capture of its database is all that we hear
 * of it. The capture is killed in the midst of that and started again. For one thread.
 */
final class FromDatabase implements AutoCloseable {
  private static final Duration BEFORE_KILL = Duration.ofSeconds(8);
  private static final Duration BEFORE_RESTART = Duration.ofSeconds(4);

  private static final String WAREHOUSE = "warehouse";

  private static final int CUSTOMERS = 500;

  /** What there was before anybody captured it. */
  private static final int HISTORY_LINES = 1000;

  private static final List<String> SHOP =
      List.of("--rate=10/s", "--return-probability=0.1", "--users=" + CUSTOMERS);

  private final Children children;
  private final Path config;
  private final Engine engine;
  private final DataDirectory directory;
  private BusinessServer server;
  private final Map<String, String> environment;
  private final PostgresAddress database;
  private final Consumer<String> say;
  private Optional<GuardedProcess> shop = Optional.empty();
  private Optional<GuardedProcess> capture = Optional.empty();
  private Optional<GuardedProcess> toWarehouse = Optional.empty();

  /**
   * Starts the business database, and fills it.
   *
   * @param home the project's root
   * @param environment by which commands find our servers
   * @param database ours
   * @param say is told what happens, for people
   */
  FromDatabase(
      Engine engine,
      Path home,
      DataDirectory directory,
      Children children,
      Map<String, String> environment,
      PostgresAddress database,
      Consumer<String> say) {
    this.children = children;
    this.config = home.resolve("docs/samples/capture-store.conf");
    this.engine = engine;
    this.directory = directory;
    this.server = BusinessServer.start(engine, directory, 0);
    this.database = database;
    this.say = say;
    this.environment = new HashMap<>(environment);
    this.environment.putAll(server.environment());
    if (engine == Engine.MARIADB) {
      // Its tables are named with the database, which has no schemas.
      this.environment.put("SPENDWATCH_BUSINESS_SCHEMA", "shop");
    }
    try {
      SampleShop.fill(server, CUSTOMERS);
    } catch (OperatorException e) {
      server.close();
      throw e;
    }
  }

  /** For people. */
  String uri() {
    return server.uri();
  }

  /**
   * Whether all of it runs that should.
   *
   * @throws OperatorException if something has stopped
   */
  void check() {
    if (server.server().ended().isDone()) {
      throw new OperatorException(server.server().ended().join());
    }
    Stream.of(capture, toWarehouse)
        .flatMap(Optional::stream)
        .filter(child -> !child.isRunning())
        .findFirst()
        .ifPresent(
            child -> {
              throw new OperatorException(child.lastWords());
            });
  }

  /** Opens the shop, which first gets a history. */
  GuardedProcess openShop(Duration duration) {
    List<String> arguments = new ArrayList<>(List.of("shop"));
    arguments.addAll(SHOP);
    arguments.addAll(
        List.of("--history=" + HISTORY_LINES, "--duration=" + duration.toMillis() + "ms"));
    say.accept("The shop opens (" + String.join(" ", SHOP) + ")");
    GuardedProcess opened = children.start(environment, arguments);
    shop = Optional.of(opened);
    return opened;
  }

  /** Whether the shop has its history, and sells. */
  boolean isOpen() {
    return shop.map(child -> child.output().contains("shop: open")).orElse(false);
  }

  /** Starts the capture, which begins with what is there. */
  void capture() {
    capture =
        Optional.of(
            children.start(
                environment, List.of("capture", "--config", config.toAbsolutePath().toString())));
  }

  /**
   * Waits until what there was before has come.
   *
   * @return false if the demo is to come to its end first
   */
  boolean awaitHistory(Watch watch) throws InterruptedException, SQLException {
    if (!watch.until(() -> ends().rowsHere() >= HISTORY_LINES)) {
      return false;
    }
    say.accept("What was there before has come: " + ends().rowsText());
    return true;
  }

  /**
   * Kills the capture in the midst of sales, and starts it again.
   *
   * @throws OperatorException if something has stopped
   */
  void killCapture(Watch watch) throws InterruptedException, SQLException {
    if (!awaitHistory(watch) || !watch.until(Watch.after(BEFORE_KILL))) {
      return;
    }
    BothEnds before = ends();
    killCapture();
    say.accept("The capture is killed (kill -9): " + before.rowsText() + "; the shop goes on");
    boolean _ = watch.until(Watch.after(BEFORE_RESTART));
    BothEnds without = ends();
    capture();
    say.accept(
        String.format(
            Locale.ROOT,
            "The capture is started again, %,d rows behind",
            without.rows() - without.rowsHere()));
    if (watch.until(() -> ends().rowsHere() > without.rowsHere())) {
      say.accept("It goes on where it was: " + ends().rowsText());
    }
  }

  /** Kills the capture; what it had captured is with us, or captured again. */
  void killCapture() {
    capture.orElseThrow().kill();
    capture = Optional.empty();
  }

  /**
   * Starts the capture into a warehouse, which is a database of its own.
   *
   * @throws SQLException if it cannot be made
   */
  void captureToWarehouse() throws SQLException {
    try (Connection connection = database.connect("spendwatch-demo");
        Statement statement = connection.createStatement();
        ResultSet found =
            statement.executeQuery("SELECT FROM pg_database WHERE datname = '" + WAREHOUSE + "'")) {
      if (!found.next()) {
        statement.execute("CREATE DATABASE " + WAREHOUSE);
      }
    }
    environment.put(
        "SPENDWATCH_WAREHOUSE_URI",
        "postgresql://" + database.user() + "@" + database.hosts() + "/" + WAREHOUSE);
    toWarehouse =
        Optional.of(
            children.start(
                "capture-to-warehouse",
                environment,
                List.of(
                    "capture",
                    "--config",
                    config.toAbsolutePath().toString(),
                    "--to",
                    "warehouse")));
  }

  /** Kills the capture into the warehouse. */
  void killCaptureToWarehouse() {
    toWarehouse.orElseThrow().kill();
    toWarehouse = Optional.empty();
  }

  /** Kills the business database. */
  void killServer() {
    server.server().kill();
  }

  /** Starts the business database again, on its port and data. Blocks until it answers. */
  void startServer() {
    server = BusinessServer.start(engine, directory, server.server().port());
  }

  /** How many rows of the shop stand for a transaction. */
  long rowsThere() throws SQLException {
    return ends().rows();
  }

  /** How many transactions we have. */
  long rowsHere() throws SQLException {
    return ends().rowsHere();
  }

  /** Whether as many sales and returns are in the warehouse as the shop has, if there is one. */
  private boolean warehouseHasAll() throws SQLException {
    if (toWarehouse.isEmpty()) {
      return true;
    }
    long there = ends().rows();
    PostgresAddress warehouse =
        PostgresAddress.parse(environment.get("SPENDWATCH_WAREHOUSE_URI"), "", "");
    try (Connection connection = warehouse.connect("spendwatch-demo");
        Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT (SELECT count(*) FROM public.store_sales) + (SELECT count(*) FROM public.store_returns)")) {
      rows.next();
      return rows.getLong(1) == there;
    }
  }

  /**
   * Waits, for a bounded time, until all that the shop has done, which has closed, is with us.
   *
   * @param max for how long
   */
  BothEnds awaitAgreement(Duration max) throws InterruptedException, SQLException {
    long deadlineNanos = System.nanoTime() + max.toNanos();
    BothEnds ends = ends();
    while (!(ends.agree() && warehouseHasAll()) && System.nanoTime() < deadlineNanos) {
      check();
      Thread.sleep(Watch.LOOK);
      ends = ends();
    }
    return ends;
  }

  /** Starts the audit that holds the shop's rows against ours. */
  GuardedProcess audit() {
    return children.start(
        "audit-source",
        environment,
        toWarehouse.isPresent()
            ? List.of("audit", "--source", config.toAbsolutePath().toString(), "--warehouse")
            : List.of("audit", "--source", config.toAbsolutePath().toString()));
  }

  private BothEnds ends() throws SQLException {
    return BothEnds.take(SampleShop.database(server), database);
  }

  /** The traffic first, then what hears of it, then the server. */
  @Override
  public void close() {
    shop.ifPresent(GuardedProcess::close);
    capture.ifPresent(GuardedProcess::close);
    toWarehouse.ifPresent(GuardedProcess::close);
    server.close();
  }
}
