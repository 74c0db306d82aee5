package io.spendwatch.ops.audit;

import io.spendwatch.ops.audit.AuditReport.Mode;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * By what the scripts order the arrivals of a user: by offset, and, where the topic has grown, by
 * the stay in one partition after the other first. Where it never grew, the scripts hold nothing of
 * that. Stateless.
 */
final class Arrivals {
  private Arrivals() {}

  /** The scripts that say whose rows are assessed, in order. */
  static List<String> scope(Mode mode, boolean grown) {
    return switch (mode) {
      case FULL -> grown ? List.of("moved", "scope_full") : List.of("scope_full");
      case INCREMENTAL ->
          grown
              ? List.of("scope_users", "proven", "moved", "scope_incremental")
              : List.of("scope_users", "proven", "scope_incremental");
    };
  }

  /** The values that all scripts of a share take. */
  static Map<String, String> values(Mode mode, boolean grown, int share, int shares) {
    Map<String, String> values = new HashMap<>();
    values.put("share", Integer.toString(share));
    values.put("shares", Integer.toString(shares));
    values.put("row_arrived", arrived("t", grown));
    values.put("row_moved", grown ? stay("t") : "");
    values.put("alert_arrived", arrived("alert", grown));
    values.put("alert_moved", grown ? stay("alert") : "");
    values.put("alert_place", grown ? "coalesce(moved.place, 0)" : "0");
    String ofShare =
        String.format(
            Locale.ROOT, "WHERE (hashtext(user_id) & 2147483647) %% %d = %d", shares, share);
    values.put(
        "rows_in_scope",
        mode == Mode.FULL
            ? "spendwatch.transactions " + ofShare
            : "scope_user JOIN spendwatch.transactions USING (user_id) WHERE event_time > rows_after");
    values.put(
        "alerts_in_scope",
        mode == Mode.FULL
            ? "spendwatch.alerts " + ofShare
            : "spendwatch.alerts WHERE user_id IN (SELECT user_id FROM scope_user)");
    return values;
  }

  private static String arrived(String table, boolean grown) {
    return grown
        ? table + ".kafka_offset + 4398046511104 * coalesce(moved.place, 0)"
        : table + ".kafka_offset";
  }

  private static String stay(String table) {
    return String.format(
        Locale.ROOT,
        "LEFT JOIN moved ON moved.user_id = %1$s.user_id AND moved.kafka_partition = %1$s.kafka_partition"
            + " AND %1$s.kafka_offset >= moved.from_offset AND %1$s.kafka_offset < moved.to_offset",
        table);
  }
}
