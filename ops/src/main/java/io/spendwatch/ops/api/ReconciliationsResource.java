package io.spendwatch.ops.api;

import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.spendwatch.ops.audit.AuditHistory;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code GET /api/v1/reconciliations}: {@link AuditHistory.Recent}; 503 without PostgreSQL. */
public final class ReconciliationsResource implements Resource {
  private final Supplier<CompletionStage<AuditHistory.Recent>> audits;

  /**
   * @param audits reads the last runs and the open findings
   */
  public ReconciliationsResource(Supplier<CompletionStage<AuditHistory.Recent>> audits) {
    this.audits = audits;
  }

  @Override
  public Route routes() {
    return Answers.api(
        () -> path("reconciliations", () -> get(() -> Answers.whenThere(audits.get(), null))));
  }
}
