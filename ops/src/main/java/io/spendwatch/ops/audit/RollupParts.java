package io.spendwatch.ops.audit;

import io.spendwatch.ops.storage.session.Session;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The roll-ups, each against what it is of in the same snapshot, settled or not. Part by part of
 * time: however many years there are, no statement reads more than one of them. Stateless.
 */
final class RollupParts {
  private RollupParts() {}

  /** The parts of a run that looks at all of them. */
  static List<Consumer<Session>> of(Session session) {
    int rollups = AuditScript.statements("rollups", Map.of()).size();
    List<Consumer<Session>> parts = new ArrayList<>();
    for (Row part :
        session.query("SELECT begins::text, ends::text FROM spendwatch.rollup_parts() AS part")) {
      String begins = part.getString(0);
      String ends = part.getString(1);
      for (int rollup = 0; rollup < rollups; rollup++) {
        int number = rollup;
        parts.add(SideBySide.part(own -> assess(own, number, begins, ends)));
      }
    }
    for (Row month : session.query(AuditScript.text("list_months", Map.of()))) {
      Map<String, String> values = Map.of("month", "date '" + month.getString(0) + "'");
      parts.add(SideBySide.part(own -> AuditScript.run(own, "months", values)));
    }
    return parts;
  }

  private static void assess(Session session, int rollup, String begins, String ends) {
    // More may have been dropped since.
    Row from =
        session.one(
            "SELECT greatest($1::text::timestamptz, dropped_before)::text FROM spendwatch.settings",
            begins);
    session.query(
        AuditScript.statements(
                "rollups",
                Map.of(
                    "counted_from",
                    "'" + from.getString(0) + "'::timestamptz",
                    "counted_to",
                    "'" + ends + "'::timestamptz"))
            .get(rollup));
  }
}
