package io.spendwatch.loadgen.cli;

import io.spendwatch.commandline.Usage;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.pace.Progress;
import io.spendwatch.loadgen.pace.Rate;
import io.spendwatch.loadgen.pace.Ticker;
import io.spendwatch.loadgen.shop.Shop;
import io.spendwatch.loadgen.shop.ShopDatabase;
import io.spendwatch.loadgen.shop.ShopHistory;
import io.spendwatch.loadgen.shop.ShopReport;
import io.spendwatch.loadgen.shop.ShopTables;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The application of a business database. */
@Command(
    name = "shop",
    description = {
      "Sells and takes back, as the application of a business database does: each sale and each"
          + " return is one SQL transaction over tickets, lines, stock and the customer's balance."
          + " Where an item is not there, it is rolled back, and a delivery follows.",
      "With --tables users it is the plain shop instead: users and their transactions, each followed"
          + " by a question for the users whose 24 hours come to more than their balance.",
      "It waits for a database that is away, and in the end says what it has done. `sandbox"
          + " --business` has such a database, with its tables; the password is read from"
          + " SPENDWATCH_BUSINESS_PASSWORD, or from the file that SPENDWATCH_BUSINESS_PASSWORD_FILE"
          + " names."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:done",
      "1:it could not be done; one line says why",
      "2:wrong usage",
      "130:it has ended on Ctrl-C, and said what it has done"
    },
    footerHeading = "%nExample:%n",
    footer = "  spendwatch shop --sales-interval 0.5s --return-probability 0.1")
final class ShopCommand implements Callable<Integer> {
  private static final String PASSWORD = "SPENDWATCH_BUSINESS_PASSWORD";

  /** Of a shop that nobody told when to close. */
  private static final Duration FOR_EVER = Duration.ofDays(365);

  /** What is under way is finished meanwhile. */
  private static final Duration CLOSING_MAX = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;

  @Mixin HelpOption help;

  // Without its value: that may have a password in it.
  @Option(
      names = "--uri",
      paramLabel = "URI",
      defaultValue = "${env:SPENDWATCH_BUSINESS_URI}",
      description =
          "The database, as mysql://USER@HOST:PORT/NAME or postgresql://USER@HOST:PORT/NAME"
              + " (SPENDWATCH_BUSINESS_URI).")
  private String uri;

  @Option(
      names = "--user",
      paramLabel = "USER",
      defaultValue = "${env:SPENDWATCH_BUSINESS_USER:-}",
      description = "For a URI that names none (SPENDWATCH_BUSINESS_USER).")
  private String user;

  @Option(
      names = "--tables",
      paramLabel = "store|users",
      defaultValue = "store",
      description = "Whose application it is (default ${DEFAULT-VALUE}).")
  private Shop.Tables tables;

  @Option(names = "--create", description = "Make those of its tables that are missing, first.")
  private boolean create;

  @ArgGroup private Pacing pacing = new Pacing();

  /** The default interval without one of them. */
  static final class Pacing {
    @Option(
        names = "--sales-interval",
        paramLabel = "DURATION",
        description = "From one sale or return to the next (default 0.5s).")
    private Duration interval;

    @Option(names = "--rate", paramLabel = "N[/s]", description = "Instead: so many a second.")
    private Rate rate;
  }

  @Option(
      names = "--return-probability",
      paramLabel = "SHARE",
      defaultValue = "0.1",
      description = "Of them, so many are returns (default ${DEFAULT-VALUE}).")
  private double returnProbability;

  @Option(names = "--duration", paramLabel = "DURATION", description = "Default: until Ctrl-C.")
  private Duration duration;

  @Option(
      names = "--history",
      paramLabel = "ROWS",
      defaultValue = "0",
      description =
          "First add so many lines of sales, or transactions, of the last 30 days, while nobody else"
              + " sells (default none).")
  private long history;

  @Option(
      names = "--users",
      paramLabel = "N",
      defaultValue = "1000",
      description = "Customers; those who are missing are added (default ${DEFAULT-VALUE}).")
  private int users;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "4",
      description = "So many connections do it, each a transaction at a time (default 4).")
  private int workers;

  @Option(names = "--seed", paramLabel = "N", description = "Default: another one each time.")
  private Long seed;

  @Option(names = "--json", description = "Say what it has done as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    ShopDatabase database = database();
    Shop.Settings settings = settings();
    InstantSource clock = InstantSource.system();
    PrintStream err = System.err;
    if (create) {
      ShopTables.create(database);
    }
    ShopTables.addUsers(database, users, clock.instant());
    if (history > 0) {
      try (Progress progress = Progress.of("history", history, err)) {
        new ShopHistory(database, users, returnProbability, settings.seed(), clock.instant())
            .add(tables, history, progress);
      }
    }
    var shop = new Shop(database, settings, clock, Ticker.SYSTEM, err);
    err.printf(
        Locale.ROOT,
        "shop: open, %s: %s sales and returns a second by %d workers, seed %d%n",
        database,
        new Rate(1e9 / settings.interval().toNanos()),
        workers,
        settings.seed());
    var closed = new CountDownLatch(1);
    var hook = new Thread(() -> close(shop, closed), "close-shop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      ShopReport report = shop.run();
      spec.commandLine().getOut().println(json ? report.json() : report.text());
      spec.commandLine().getOut().flush();
      return 0;
    } finally {
      closed.countDown();
      forget(hook);
    }
  }

  private ShopDatabase database() {
    Usage.require(
        spec, uri != null, "--uri", "none", "SPENDWATCH_BUSINESS_URI, as `sandbox --business` has");
    try {
      return ShopDatabase.parse(uri, user, password());
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--uri: " + e.getMessage(), e);
    }
  }

  private static String password() {
    String file = System.getenv(PASSWORD + "_FILE");
    if (file == null || file.isEmpty()) {
      String password = System.getenv(PASSWORD);
      return password == null ? "" : password;
    }
    try {
      return Files.readString(Path.of(file)).stripTrailing();
    } catch (IOException | InvalidPathException e) {
      // Who puts the secret itself there must not find it in a log.
      throw new OperatorException(PASSWORD + "_FILE names no file that can be read");
    }
  }

  private Shop.Settings settings() {
    Usage.requireShare(spec, "--return-probability", returnProbability);
    Usage.requireAtLeastOne(spec, "--users", users);
    Usage.requireAtLeastOne(spec, "--workers", workers);
    Usage.require(spec, history >= 0, "--history", history, "rows, 0 for none");
    Duration interval = interval();
    Usage.require(spec, interval.isPositive(), "--sales-interval", interval, "more than 0");
    Usage.require(
        spec, duration == null || duration.isPositive(), "--duration", duration, "more than 0");
    return new Shop.Settings(
        tables,
        interval,
        duration == null || duration.compareTo(FOR_EVER) > 0 ? FOR_EVER : duration,
        workers,
        users,
        returnProbability,
        seed == null ? ThreadLocalRandom.current().nextInt(1_000_000) : seed);
  }

  private Duration interval() {
    if (pacing.rate != null) {
      return Duration.ofNanos((long) (1e9 / pacing.rate.perSecond()));
    }
    return pacing.interval == null ? Duration.ofMillis(500) : pacing.interval;
  }

  /** On Ctrl-C: the process ends with this, so it waits until all is said. */
  private static void close(Shop shop, CountDownLatch closed) {
    shop.stop();
    try {
      boolean _ = closed.await(CLOSING_MAX.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process ends already: the hook runs.
    }
  }
}
