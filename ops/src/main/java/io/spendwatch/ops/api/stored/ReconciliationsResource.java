package io.spendwatch.ops.api.stored;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.post;

import io.spendwatch.ops.api.answers.Answers;
import io.spendwatch.ops.api.answers.Parameters;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.audit.AuditHistory;
import io.spendwatch.ops.audit.AuditReport;
import io.spendwatch.ops.audit.AuditReport.Mode;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.StatusCodes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * Runs of the audit.
 *
 * <pre>
 *   GET  /api/v1/reconciliations                          {@link AuditHistory.Recent}
 *   POST /api/v1/reconciliations?mode=incremental|full    runs one now: 200 with its {@link AuditReport}
 *                                                         where it is soon done, else 202; 409 while
 *                                                         another one is at work
 *                                                         both 503 without PostgreSQL
 * </pre>
 */
public final class ReconciliationsResource implements Resource {
  private static final String PATH = "/api/v1/reconciliations";

  private final Supplier<CompletionStage<AuditHistory.Recent>> audits;
  private final Function<Mode, CompletionStage<Optional<AuditReport>>> run;
  private final Duration patience;

  /**
   * A run that goes on.
   *
   * @param seeAt where its outcome will be
   */
  record Running(String mode, String seeAt) {}

  /**
   * @param audits reads the last runs and the open findings
   * @param run begins one; empty where another one is at work
   * @param patience how long its end is waited for
   */
  public ReconciliationsResource(
      Supplier<CompletionStage<AuditHistory.Recent>> audits,
      Function<Mode, CompletionStage<Optional<AuditReport>>> run,
      Duration patience) {
    this.audits = audits;
    this.run = run;
    this.patience = patience;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () ->
            path(
                "reconciliations",
                () ->
                    concat(
                        get(() -> Answers.whenThere(audits.get(), (String) null)),
                        post(() -> Parameters.with(this::runNow)))));
  }

  private Route runNow(Parameters parameters) {
    Mode mode =
        switch (parameters.text("mode")) {
          case null -> Mode.INCREMENTAL;
          case "incremental" -> Mode.INCREMENTAL;
          case "full" -> Mode.FULL;
          default -> throw new IllegalArgumentException("mode: expected: incremental or full");
        };
    CompletableFuture<Route> ended =
        run.apply(mode).thenApply(ReconciliationsResource::ended).toCompletableFuture();
    return Answers.whenThere(
        ended.completeOnTimeout(running(mode), patience.toMillis(), TimeUnit.MILLISECONDS),
        route -> route);
  }

  private static Route ended(Optional<AuditReport> report) {
    return report.isPresent()
        ? Answers.json(StatusCodes.OK, report.get())
        : Answers.problem(
            StatusCodes.CONFLICT, "another run is at work: GET " + PATH + " shows it");
  }

  private static Route running(Mode mode) {
    return complete(
        Answers.jsonResponse(
                StatusCodes.ACCEPTED, new Running(mode.name().toLowerCase(Locale.ROOT), PATH))
            .addHeader(RawHeader.create("Location", PATH)));
  }
}
