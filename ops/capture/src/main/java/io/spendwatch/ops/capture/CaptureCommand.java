package io.spendwatch.ops.capture;

import io.spendwatch.commandline.CommandFrame;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.Spendwatch;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.config.MisfitException;
import io.spendwatch.ops.capture.walk.Capture;
import io.spendwatch.ops.capture.walk.CaptureProgress.Figures;
import io.spendwatch.ops.capture.walk.CaptureStatus;
import io.spendwatch.streams.base.Timekeeper;
import java.io.File;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** Change capture, and the main class of its process. */
@Command(
    name = "capture",
    mixinStandardHelpOptions = true,
    description = {
      "Follows the log of a business database, and sends what its tables say of purchases, refunds"
          + " and balances to Kafka, until Ctrl-C or SIGTERM. The first time it sends all rows that"
          + " are there.",
      "With --to warehouse the rows go into tables of a PostgreSQL-compatible warehouse instead, as"
          + " they are; it keeps there where it was.",
      "It waits for servers that are not there, and says so in its log. Where it was, it keeps in"
          + " Kafka: after a crash it goes on from there, and what it sends twice counts once."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:it was told to end",
      "1:it cannot go on; one line says why, and what to do",
      "2:wrong usage or settings, or the tables are not as the mapping says"
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  spendwatch capture --config docs/samples/capture-shop.conf",
      "  spendwatch capture --config docs/samples/capture-shop.conf --to warehouse",
      "",
      "Settings: docs/capture.md; those of Kafka are a node's (SPENDWATCH_KAFKA_...)."
    })
public final class CaptureCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(CaptureCommand.class);
  private static final Duration END_MAX = Duration.ofSeconds(30);

  /** It tells of each connection, past our log. Held: a logger that nobody holds is forgotten. */
  private static final java.util.logging.Logger BINLOG_CLIENT =
      java.util.logging.Logger.getLogger("com.github.shyiko.mysql.binlog");

  @Spec private CommandSpec spec;

  @Option(
      names = "--config",
      required = true,
      paramLabel = "FILE",
      description = "Names the database, and which of its tables and columns are what.")
  private File file;

  @Option(
      names = "--to",
      paramLabel = "DESTINATION",
      defaultValue = "kafka",
      converter = PathConverter.class,
      description = {
        "kafka or warehouse (default ${DEFAULT-VALUE}). Both may run at once, each as a process."
      })
  private CapturePath to;

  @Option(
      names = "--snapshot",
      description = {
        "Sends all rows once more, and goes on from there: where the database's log has lost what"
            + " came after the last position. Rows that were sent before count once."
      })
  private boolean snapshot;

  @Option(
      names = "--check",
      description = "Only says whether the tables are as the settings say, and ends.")
  private boolean checkOnly;

  /** Words as they are written. */
  private static final class PathConverter implements ITypeConverter<CapturePath> {
    @Override
    public CapturePath convert(String word) {
      for (CapturePath path : CapturePath.values()) {
        if (path.toString().equals(word)) {
          return path;
        }
      }
      throw new TypeConversionException("expected kafka or warehouse, not " + word);
    }
  }

  public static void main(String[] args) {
    // As Spendwatch.
    Locale.setDefault(Locale.ROOT);
    BINLOG_CLIENT.setLevel(Level.WARNING);
    System.exit(Spendwatch.run(Map.of("capture", CaptureCommand.class), args));
  }

  @Override
  public Integer call() throws InterruptedException {
    CaptureConfig config;
    try {
      config = CaptureConfig.load(file, to);
    } catch (OperatorException e) {
      return wrong(e);
    }
    Timekeeper time = Timekeeper.real(InstantSource.system());
    Capture capture = new Capture(config, time);
    if (checkOnly) {
      return check(capture);
    }
    var ended = new CountDownLatch(1);
    Thread runner = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> endInOrder(capture, ended, runner), "end-in-order"));
    time.startThread("capture-status", () -> report(config, capture, time));
    Optional<CaptureHttp> http =
        config
            .http()
            .map(
                endpoint ->
                    CaptureHttp.start(
                        endpoint,
                        () -> CaptureStatus.of(config, capture.progress(), time.millis())));
    http.ifPresent(each -> LOG.atInfo().addKeyValue("port", each.port()).log("Answers HTTP"));
    try {
      capture.run(snapshot);
      return 0;
    } catch (MisfitException e) {
      return wrong(e);
    } finally {
      http.ifPresent(CaptureHttp::close);
      ended.countDown();
    }
  }

  private Integer check(Capture capture) {
    try {
      capture.requireFit();
      spec.commandLine().getOut().println("the tables are as the mapping says");
      return 0;
    } catch (MisfitException e) {
      return wrong(e);
    }
  }

  private Integer wrong(RuntimeException e) {
    CommandLine command = spec.commandLine();
    command.getErr().println(CommandFrame.line(command, e.getMessage()));
    return 2;
  }

  private static void report(CaptureConfig config, Capture capture, Timekeeper time) {
    Figures before = capture.progress().now(time.millis());
    try {
      while (true) {
        time.pause(config.statusInterval());
        Figures now = capture.progress().now(time.millis());
        if (!now.equals(before)) {
          LOG.atInfo()
              .addKeyValue("rows", now.rows())
              .addKeyValue("transactions", now.transactions())
              .addKeyValue("balances", now.balances())
              .addKeyValue("putAside", now.putAside())
              .addKeyValue("applied", now.applied())
              .addKeyValue("unacknowledged", now.unacknowledged())
              .addKeyValue("behindMs", now.behindMs())
              .log("Captured");
        }
        before = now;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** After a signal the JVM would exit with the signal's number, although all is in order. */
  private static void endInOrder(Capture capture, CountDownLatch ended, Thread runner) {
    if (ended.getCount() == 0) {
      return;
    }
    capture.end();
    try {
      if (!ended.await(END_MAX.toMillis() / 2, TimeUnit.MILLISECONDS)) {
        // It waits for a server.
        runner.interrupt();
        boolean _ = ended.await(END_MAX.toMillis() / 2, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(0);
  }
}
