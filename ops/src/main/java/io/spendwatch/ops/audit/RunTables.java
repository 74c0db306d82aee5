package io.spendwatch.ops.audit;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.audit.AuditReport.Mode;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.streams.database.Database;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The audit's own tables: runs, findings, and how far it has come. Thread-safe; blocks. Throws
 * {@link OperatorException} where PostgreSQL fails.
 */
final class RunTables {
  private static final Logger LOG = LoggerFactory.getLogger(RunTables.class);

  /** Between two looks for what may be on its way. */
  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  private final Database database;
  private final String nodeId;

  /**
   * How far a partition has been assessed.
   *
   * @param streamTime as the server writes it; null for none
   */
  record Position(long nextOffset, long alertSeq, String streamTime) {
    static final Position BEGINNING = new Position(0, 0, null);
  }

  RunTables(Database database, String nodeId) {
    this.database = database;
    this.nodeId = nodeId;
  }

  boolean hasBegunSince(Instant instant) {
    return plain()
        .one(
            "SELECT EXISTS (SELECT FROM spendwatch.reconciliation_runs WHERE started_at > $1)",
            utc(instant))
        .getBoolean(0);
  }

  /** The number of a run that begins now. */
  long begin(Session session, Mode mode, Instant startedAt) {
    return session
        .one(
            AuditScript.text("begin_run", Map.of()),
            mode.name(),
            nodeId,
            utc(startedAt),
            Rule.EXPOSURE_24H.id(),
            Rule.EXPOSURE_24H.version())
        .getLong(0);
  }

  /** When the last run that has finished had begun; the epoch where there was none. */
  Instant lastBegun(Session session) {
    return session
        .one(
            "SELECT coalesce(max(started_at), 'epoch') FROM spendwatch.reconciliation_runs"
                + " WHERE outcome IN ('CLEAN', 'FINDINGS')")
        .getOffsetDateTime(0)
        .toInstant();
  }

  Map<Integer, Position> positions(Session session) {
    Map<Integer, Position> positions = new HashMap<>();
    for (Row row : session.query(AuditScript.text("read_positions", Map.of()))) {
      positions.put(
          row.getInteger(0), new Position(row.getLong(1), row.getLong(2), row.getString(3)));
    }
    return positions;
  }

  /** Stores what the session's tables and the others have found; at most so many. */
  void store(Session session, long runId, List<Finding> others, int findingsMax) {
    insert(session, others);
    session.query(AuditScript.text("store_findings", Map.of()), runId, findingsMax);
  }

  /** The next run begins where this one's spans end. */
  void moveOn(Session session) {
    AuditScript.run(session, "move_on", Map.of());
  }

  /** Stores further ones. */
  void add(long runId, List<Finding> findings) {
    if (!findings.isEmpty()) {
      Session.pinned(
          database,
          session ->
              session.inTransaction(
                  () -> {
                    AuditScript.run(session, "begin_found", Map.of());
                    store(session, runId, findings, Integer.MAX_VALUE);
                    return Done.done();
                  }));
    }
  }

  private static void insert(Session session, List<Finding> findings) {
    for (Finding finding : findings) {
      session.query(
          AuditScript.text("insert_finding", Map.of()),
          finding.kind().name(),
          finding.userId(),
          finding.transactionId(),
          finding.alertId(),
          finding.kafkaPartition(),
          finding.kafkaOffset(),
          finding.eventTime() == null ? null : utc(finding.eventTime()),
          finding.expected(),
          finding.actual(),
          finding.detail(),
          finding.reproduce());
    }
  }

  /**
   * Time passes by the partition: an episode is CLEARED with one of the next batches after its end,
   * where many end at once. So ends that are missing are looked for once more.
   */
  void withdrawWhatWasOnItsWay(long runId, Duration grace, InstantSource clock) {
    Instant deadline = clock.instant().plus(grace);
    while (plain().one(AuditScript.text("count_missing_ends", Map.of()), runId).getLong(0) > 0) {
      plain().query(AuditScript.text("withdraw", Map.of()), runId);
      if (clock.instant().isAfter(deadline)) {
        return;
      }
      // This thread is the audit's own, and nobody tells it when an alert comes.
      LockSupport.parkNanos(LOOK_AGAIN.toNanos());
    }
  }

  /** These users, and those whose windows had drifted. */
  Map<Integer, List<String>> withDrifting(Map<Integer, List<String>> users) {
    Map<Integer, List<String>> all = new HashMap<>();
    users.forEach((partition, ids) -> all.put(partition, new ArrayList<>(ids)));
    for (Row row : plain().query(AuditScript.text("read_drifting_users", Map.of()))) {
      List<String> ids = all.computeIfAbsent(row.getInteger(0), _ -> new ArrayList<>());
      if (!ids.contains(row.getString(1))) {
        ids.add(row.getString(1));
      }
    }
    return all;
  }

  /** What was open and would have been found again, and was not, is resolved. */
  void resolve(long runId, Mode mode, Collection<String> comparedUserIds) {
    plain()
        .query(
            AuditScript.text("resolve_findings", Map.of()),
            runId,
            comparedUserIds.toArray(String[]::new),
            mode == Mode.FULL);
  }

  long count(long runId) {
    return plain()
        .one(
            "SELECT count(*) FROM spendwatch.reconciliation_findings WHERE last_run_id = $1", runId)
        .getLong(0);
  }

  /** What this run has found, at most so many. */
  List<Finding> findings(long runId, int findingsMax) {
    List<Finding> findings = new ArrayList<>();
    for (Row row : plain().query(AuditScript.text("read_findings", Map.of()), runId, findingsMax)) {
      findings.add(finding(row));
    }
    return findings;
  }

  static Finding finding(Row row) {
    OffsetDateTime at = row.getOffsetDateTime("event_time");
    return new Finding(
        FindingKind.valueOf(row.getString("kind")),
        row.getString("user_id"),
        row.getString("transaction_id"),
        row.getString("alert_id"),
        row.getInteger("kafka_partition"),
        row.getLong("kafka_offset"),
        at == null ? null : at.toInstant(),
        row.getString("expected"),
        row.getString("actual"),
        row.getString("detail"),
        row.getString("reproduce"));
  }

  void end(AuditReport report) {
    plain()
        .query(
            AuditScript.text("end_run", Map.of()),
            report.runId(),
            utc(report.finishedAt()),
            report.isClean() ? "CLEAN" : "FINDINGS",
            report.settledUntil() == null ? null : utc(report.settledUntil()),
            report.transactions(),
            report.alerts(),
            report.offsets(),
            report.usersAwake(),
            report.findingsTotal());
  }

  /** Notes a run that has failed, unless it is the database that fails. */
  void noteFailure(Mode mode, Instant startedAt, Instant at, String failure) {
    try {
      Session session = plain();
      boolean hasBegun =
          session
                  .query(
                      AuditScript.text("fail_run", Map.of()),
                      nodeId,
                      utc(startedAt),
                      utc(at),
                      failure)
                  .rowCount()
              > 0;
      if (!hasBegun) {
        session.query(
            AuditScript.text("insert_failed_run", Map.of()),
            nodeId,
            utc(startedAt),
            utc(at),
            failure,
            mode.name(),
            Rule.EXPOSURE_24H.id(),
            Rule.EXPOSURE_24H.version());
      }
    } catch (OperatorException e) {
      LOG.debug("The failure of a run could not be noted", e);
    }
  }

  private Session plain() {
    return new Session(database);
  }

  private static OffsetDateTime utc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }
}
