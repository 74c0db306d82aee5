package io.spendwatch.ops.audit;

import io.spendwatch.ops.audit.AuditReport.Mode;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The audit's statements on tables as they stand, of one partition, without its topic. */
public final class AuditScripts {
  private final Connection connection;
  private final Duration grace;
  private long assessedTo;
  private long assessedSeq;
  private String streamTime;
  private String droppedBefore = "-infinity";

  public AuditScripts(Connection connection, Duration grace) {
    this.connection = connection;
    this.grace = grace;
  }

  /** From here on as where the rows before this instant were dropped. */
  public AuditScripts droppedBefore(String instant) {
    droppedBefore = instant;
    return this;
  }

  /**
   * Assesses the offsets up to {@code to}.
   *
   * @param full all of them, or else those that no run before has assessed
   * @param changesSince versions recorded since then are new
   * @return what was found, a line each
   */
  public List<String> run(long to, boolean full, String changesSince) throws SQLException {
    var span =
        new Span(0, full ? 0 : assessedTo, to, full ? 0 : assessedSeq, full ? null : streamTime);
    Map<String, String> values = new HashMap<>();
    values.put("spans", Span.values(List.of(span)));
    values.put("fresh", Span.condition(List.of(span)));
    values.put("checkable_from", "('" + droppedBefore + "'::timestamptz + interval '24 hours')");
    values.put("in_time_since", "'-infinity'::timestamptz");
    values.put("versions_since", "'" + changesSince + "'::timestamptz");
    values.put("grace", "interval '" + grace.toMillis() + " ms'");
    values.put("clear_grace", "interval '0'");
    Mode mode = full ? Mode.FULL : Mode.INCREMENTAL;
    values.putAll(Arrivals.values(mode, false, 0, 1));
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      run(statement, "begin_found", values);
      run(statement, "begin", values);
      statement.execute(
          "UPDATE span SET stream_time = greatest(stream_time, (SELECT max(event_time) FROM spendwatch.transactions AS t WHERE "
              + values.get("fresh")
              + "))");
      for (String script : Arrivals.scope(mode, false)) {
        run(statement, script, values);
      }
      for (String step : Reconciliation.STEPS) {
        run(statement, step, values);
      }
      run(statement, "sequence", values);
      run(statement, "move_on", values);
      try (ResultSet position =
          statement.executeQuery(
              "SELECT alert_seq, stream_time::text FROM spendwatch.reconciliation_positions")) {
        position.next();
        if (!full) {
          assessedTo = to;
          assessedSeq = position.getLong(1);
          streamTime = position.getString(2);
        }
      }
      List<String> found = new ArrayList<>();
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT concat_ws(' | ', kind, user_id, transaction_id, kafka_offset, event_time, expected, actual, detail) FROM found"
                  + " ORDER BY 1")) {
        while (rows.next()) {
          found.add(rows.getString(1));
        }
      }
      if (full) {
        connection.rollback();
      } else {
        connection.commit();
        statement.execute("DISCARD TEMPORARY");
        connection.commit();
      }
      return found;
    }
  }

  /** What a script finds by itself, a line each. */
  public static List<String> found(Connection connection, String script, Map<String, String> values)
      throws SQLException {
    try (Statement statement = connection.createStatement()) {
      run(statement, "begin_found", Map.of());
      run(statement, script, values);
      List<String> found = new ArrayList<>();
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT concat_ws(' | ', kind, user_id, expected, actual) FROM found ORDER BY 1")) {
        while (rows.next()) {
          found.add(rows.getString(1));
        }
      }
      statement.execute("DROP TABLE found");
      return found;
    }
  }

  private static void run(Statement statement, String script, Map<String, String> values)
      throws SQLException {
    boolean _ = statement.execute(AuditScript.text(script, values));
  }
}
