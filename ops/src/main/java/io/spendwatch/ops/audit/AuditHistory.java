package io.spendwatch.ops.audit;

import io.spendwatch.ops.status.AuditStatus;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** What runs of the audit have left in the tables. Thread-safe, blocks nobody. */
public final class AuditHistory {
  /** How many of either are shown. */
  private static final int SHOWN = 50;

  private final Statements database;

  public AuditHistory(Statements database) {
    this.database = database;
  }

  /**
   * The last runs and what is open of their findings, the newest first.
   *
   * @param openFindings at most some
   */
  public record Recent(List<AuditStatus> runs, List<Finding> openFindings) {}

  /** Of all nodes. */
  public CompletionStage<Recent> recent() {
    return runs(SHOWN)
        .thenCompose(
            runs ->
                database
                    .read(AuditScript.text("open_findings", Map.of()), Tuple.of(SHOWN))
                    .thenApply(
                        rows -> {
                          List<Finding> findings = new ArrayList<>();
                          rows.forEach(row -> findings.add(RunTables.finding(row)));
                          return new Recent(runs, findings);
                        }));
  }

  /** The last runs, the newest first. */
  public CompletionStage<List<AuditStatus>> runs(int atMost) {
    return database
        .read(AuditScript.text("runs", Map.of()), Tuple.of(atMost))
        .thenApply(
            rows -> {
              List<AuditStatus> runs = new ArrayList<>();
              rows.forEach(row -> runs.add(status(row)));
              return runs;
            });
  }

  /**
   * How many findings no run has found gone, by kind; without kinds that only a later version
   * knows.
   */
  public CompletionStage<Map<FindingKind, Long>> openByKind() {
    return database
        .read(AuditScript.text("open_by_kind", Map.of()), Tuple.tuple())
        .thenApply(
            rows -> {
              Map<String, Long> open = new HashMap<>();
              rows.forEach(row -> open.put(row.getString("kind"), row.getLong("findings")));
              Map<FindingKind, Long> known = new EnumMap<>(FindingKind.class);
              for (FindingKind kind : FindingKind.values()) {
                known.put(kind, open.getOrDefault(kind.name(), 0L));
              }
              return known;
            });
  }

  private static AuditStatus status(Row row) {
    return new AuditStatus(
        row.getLong("run_id"),
        row.getString("mode"),
        row.getString("node_id"),
        instant(row, "started_at"),
        instant(row, "finished_at"),
        row.getString("outcome"),
        instant(row, "settled_until"),
        row.getLong("transactions"),
        row.getLong("findings"),
        row.getLong("open_findings"),
        row.getString("failure"));
  }

  private static Instant instant(Row row, String column) {
    return row.getOffsetDateTime(column) == null ? null : row.getOffsetDateTime(column).toInstant();
  }
}
