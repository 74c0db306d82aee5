package io.spendwatch.ops.audit;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.status.AuditStatus;
import io.spendwatch.streams.base.PeriodicWork;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.apache.pekko.actor.Cancellable;
import org.apache.pekko.actor.typed.ActorSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Audits what is new, again and again, and remembers for the status what came of the last run, of
 * whichever node. Each node tries; one of them finds that it is time. A failure is no harm: the
 * next run assesses what this one did not. Thread-safe.
 */
public final class ReconciliationJob {
  private static final Logger LOG = LoggerFactory.getLogger(ReconciliationJob.class);

  /** Longer than any incremental run. */
  private static final Duration RUN_MAX = Duration.ofHours(2);

  private final Reconciliation reconciliation;
  private final AuditHistory history;
  private final AuditMetrics metrics;
  private final Duration interval;
  private final AtomicBoolean runsNow = new AtomicBoolean();
  private volatile AuditStatus last;
  private String lastFailure = "";

  public ReconciliationJob(
      Reconciliation reconciliation,
      AuditHistory history,
      AuditMetrics metrics,
      Duration interval) {
    this.reconciliation = reconciliation;
    this.history = history;
    this.metrics = metrics;
    this.interval = interval;
  }

  /** Begins after the interval, and repeats until cancelled. */
  public Cancellable start(ActorSystem<?> system) {
    return PeriodicWork.start(system, "The audit", interval, interval, RUN_MAX, this::runApart);
  }

  /** The last run; null before it is known. */
  public AuditStatus last() {
    return last;
  }

  /**
   * Runs one now, beside the periodic ones. Blocks nobody.
   *
   * @return empty where another run is at work, of this node or another one; fails with {@link
   *     OperatorException} where it cannot run
   */
  public CompletionStage<Optional<AuditReport>> runNow(Mode mode) {
    if (!runsNow.compareAndSet(false, true)) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    return apart(() -> run(mode, Duration.ZERO)).whenComplete((_, _) -> runsNow.set(false));
  }

  /** A run waits for its statements: on a thread that nobody else waits for. */
  private static <T> CompletableFuture<T> apart(Supplier<T> work) {
    return CompletableFuture.supplyAsync(
        work, run -> Thread.ofVirtual().name("audit-job").start(run));
  }

  private CompletionStage<Void> runApart() {
    return apart(
        () -> {
          runOnce();
          return null;
        });
  }

  private void runOnce() {
    try {
      // Half of it: nodes come at any moment of the interval.
      var _ = run(Mode.INCREMENTAL, interval.dividedBy(2));
      lastFailure = "";
    } catch (OperatorException e) {
      // Once per reason: it comes again with each interval.
      if (!lastFailure.equals(e.getMessage())) {
        lastFailure = e.getMessage();
        LOG.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("The audit could not run; the next one assesses what it did not");
      }
    }
  }

  private Optional<AuditReport> run(Mode mode, Duration unlessWithin) {
    try {
      Optional<AuditReport> report = reconciliation.run(mode, unlessWithin);
      report.ifPresent(this::tell);
      return report;
    } catch (OperatorException e) {
      metrics.failed();
      throw e;
    } finally {
      remember();
    }
  }

  private void remember() {
    var _ =
        history
            .runs(1)
            .thenAccept(runs -> last = runs.isEmpty() ? null : runs.getFirst())
            .thenCompose(_ -> history.openByKind())
            .thenAccept(metrics::open)
            .exceptionally(_ -> null);
  }

  private void tell(AuditReport report) {
    metrics.ran(report);
    var line = report.isClean() ? LOG.atInfo() : LOG.atError();
    line.addKeyValue("run", report.runId())
        .addKeyValue("transactions", report.transactions())
        .addKeyValue("alerts", report.alerts())
        .addKeyValue("windows", report.usersAwake())
        .addKeyValue("ms", Duration.between(report.startedAt(), report.finishedAt()).toMillis())
        .log(
            report.isClean()
                ? "Audited: clean"
                : "Audited: {} findings, in spendwatch.reconciliation_findings",
            report.findingsTotal());
  }
}
