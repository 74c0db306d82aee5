package io.spendwatch.ops.cli.stored;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.api.HttpWindows;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.audit.Reconciliation;
import io.spendwatch.ops.audit.source.SourceAudit;
import io.spendwatch.ops.audit.source.SourceReport;
import io.spendwatch.ops.audit.source.WarehouseReport;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.protocol.ForeignText;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import java.io.File;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** One run of the audit, now. */
@Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Recomputes in SQL, from transactions, accounts and alerts alone, what every exposure, verdict,"
          + " alert and window in memory must be, and shows what is different.",
      "Looks at all that is stored and settled; a node does the same by itself every minute with what is"
          + " new. Windows in memory are asked for at a node (SPENDWATCH_HTTP_HOST, SPENDWATCH_HTTP_PORT),"
          + " if one answers.",
      "With --source it holds the rows of a business database that is captured against what is stored of"
          + " them, instead: ids, amounts, users, times, balances. What is on its way gets five seconds.",
      "With --source and --warehouse also against the tables that they are captured into there: all values of"
          + " all rows, and sums by day."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:clean", "1:with findings", "2:wrong usage, or it could not run"},
    footerHeading = "%nExample:%n",
    footer = {
      "  spendwatch audit --json | jq .findings",
      "  spendwatch audit --source docs/samples/capture-shop.conf",
      "  spendwatch audit --source docs/samples/capture-shop.conf --warehouse"
    })
public final class AuditCommand implements Callable<Integer> {
  private static final Duration WINDOWS_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  @Spec private CommandSpec spec;

  @Option(
      names = "--incremental",
      description = "Only what came since the last run, of a node or of this command.")
  private boolean incremental;

  @Option(
      names = "--source",
      paramLabel = "FILE",
      description = "The settings of a capture, whose database is held against ours.")
  private File source;

  @Option(
      names = "--warehouse",
      description = "With --source: also holds that database against its warehouse.")
  private boolean warehouse;

  @Option(names = "--json", description = "Print the report as JSON.")
  private boolean json;

  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      defaultValue = "5m",
      description = "For a run that is at work already (default ${DEFAULT-VALUE}).")
  private Duration wait;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Timekeeper time = Timekeeper.real(InstantSource.system());
    if (source != null) {
      if (incremental) {
        throw new ParameterException(spec.commandLine(), "--incremental: not with --source");
      }
      return compare(out, time);
    }
    if (warehouse) {
      throw new ParameterException(spec.commandLine(), "--warehouse: only with --source");
    }
    AuditReport report = run(Configuration.load(), time);
    out.println(json ? ForeignText.inJson(Json.write(report)) : report.text());
    return report.isClean() ? 0 : 1;
  }

  private int compare(PrintWriter out, Timekeeper time) {
    SourceAudit audit =
        ServiceLoader.load(SourceAudit.class)
            .findFirst()
            .orElseThrow(
                () ->
                    new OperatorException(
                        "--source: what reads business databases is not part of a node; a checkout"
                            + " has it (./spendwatch audit --source ...)"));
    try {
      Optional<SourceReport> ofOurs = Optional.empty();
      if (!warehouse || audit.isMapped(source)) {
        Configuration configuration = Configuration.load();
        ofOurs =
            Optional.of(
                audit.run(
                    source,
                    configuration.auditDatabase(),
                    configuration.partitions().retention(),
                    time));
      }
      if (!warehouse) {
        SourceReport report = ofOurs.orElseThrow();
        out.println(json ? ForeignText.inJson(Json.write(report)) : report.text());
        return report.isClean() ? 0 : 1;
      }
      WarehouseReport ofWarehouse = audit.runWarehouse(source, time);
      out.println(
          json
              ? ForeignText.inJson(Json.write(new Both(ofOurs.orElse(null), ofWarehouse)))
              : ofOurs.map(report -> report.text() + System.lineSeparator().repeat(2)).orElse("")
                  + ofWarehouse.text());
      return ofOurs.map(SourceReport::isClean).orElse(true) && ofWarehouse.isClean() ? 0 : 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  /**
   * Both reports, as JSON has them.
   *
   * @param transactions null where the settings say of no table what it is to us
   */
  private record Both(SourceReport transactions, WarehouseReport warehouse) {}

  private AuditReport run(Configuration configuration, Timekeeper time) {
    HttpConfig http = configuration.http();
    Database database = Database.open(configuration.auditDatabase());
    try (HttpWindows windows = new HttpWindows(http.address(), http.login(), WINDOWS_TIMEOUT)) {
      var reconciliation =
          new Reconciliation(
              database,
              configuration.streams().kafka(),
              configuration.audit(),
              configuration.partitions().retention(),
              windows,
              time);
      long deadlineNanos = time.nanoTime() + wait.toNanos();
      while (true) {
        Optional<AuditReport> report =
            reconciliation.run(incremental ? Mode.INCREMENTAL : Mode.FULL, Duration.ZERO);
        if (report.isPresent()) {
          new OperatorTrail(database)
              .noteCommand(
                  incremental ? "audit --incremental" : "audit",
                  report.get().isClean() ? "clean" : "with findings");
          return report.get();
        }
        if (time.nanoTime() >= deadlineNanos) {
          throw new OperatorException(
              "another run is at work, and has not ended after " + wait.toSeconds() + " s");
        }
        time.pause(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    } finally {
      var _ = database.close().toCompletableFuture().join();
    }
  }
}
