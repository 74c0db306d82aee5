package io.spendwatch.ops.capture.source;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.streams.capture.change.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.data.Struct;

/**
 * PostgreSQL's log as a replication slot keeps it: whether it has what is needed, and what its
 * places mean. The server keeps what comes after the slot's place, and nothing before it.
 * Stateless; blocks where it asks.
 */
final class PostgresLog {
  private final SourceAddress address;

  PostgresLog(SourceAddress address) {
    this.address = address;
  }

  /** Of the replication slot, and of the publication. */
  static String slot(CaptureConfig config) {
    return "spendwatch_" + config.logName();
  }

  /**
   * Why the log does not have what is needed, each with what to do; empty where it has.
   *
   * @param tables of which the log has to have a changed row as it was
   */
  List<String> misfits(Connection connection, Set<String> tables) throws SQLException {
    List<String> misfits = new ArrayList<>();
    String level = Scalar.of(connection, "SHOW wal_level");
    if (!"logical".equals(level)) {
      misfits.add(
          address
              + " does not write what is captured into its log: set wal_level = logical (it is "
              + level
              + ") and restart it");
    }
    for (String table : tables) {
      String identity =
          Scalar.of(
              connection,
              "SELECT c.relreplident FROM pg_class c JOIN pg_namespace n ON n.oid ="
                  + " c.relnamespace WHERE n.nspname || '.' || c.relname = ?",
              table);
      if (identity != null && !identity.equals("f")) {
        misfits.add(
            "the log has no changed row of table "
                + table
                + " as it was: ALTER TABLE "
                + table
                + " REPLICA IDENTITY FULL; or set its on-update and on-delete to ignore");
      }
    }
    return misfits;
  }

  /**
   * Checks that the server still has all that comes after a position.
   *
   * @param offset as the task has given it
   * @throws OperatorException if it has not: what to do
   */
  void require(Connection connection, String slot, Map<String, Object> offset) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            // A place in the log as the number that the task has for it.
            "SELECT wal_status, (confirmed_flush_lsn - '0/0')::bigint, database"
                + " FROM pg_replication_slots WHERE slot_name = ?")) {
      statement.setString(1, slot);
      try (ResultSet row = statement.executeQuery()) {
        if (!row.next()) {
          throw BusinessDatabase.lost(address, "its replication slot " + slot + " is gone");
        }
        if ("lost".equals(row.getString(1))) {
          throw BusinessDatabase.lost(
              address,
              "its replication slot "
                  + slot
                  + " was given up by the server (max_slot_wal_keep_size or"
                  + " idle_replication_slot_timeout)");
        }
        if (!address.database().equals(row.getString(3))) {
          throw BusinessDatabase.lost(
              address, "replication slot " + slot + " is one of database " + row.getString(3));
        }
        long confirmed = row.getLong(2);
        Long kept = lsn(offset);
        if (kept != null && confirmed > kept) {
          throw BusinessDatabase.lost(
              address,
              "replication slot "
                  + slot
                  + " was moved on to "
                  + lsnText(confirmed)
                  + ", past "
                  + lsnText(kept)
                  + ", up to where changes were captured");
        }
      }
    }
  }

  /** The farthest place that the task may have let the slot go to; null for none. */
  static Long lsn(Map<String, Object> offset) {
    Long farthest = null;
    for (String key : List.of("lsn_proc", "lsn_commit", "lsn")) {
      if (offset.get(key) instanceof Number place
          && (farthest == null || place.longValue() > farthest)) {
        farthest = place.longValue();
      }
    }
    return farthest;
  }

  /**
   * Drops the slot of an earlier walk along the log.
   *
   * @param expected whether there may be one
   * @throws OperatorException if there is one, and was not expected, or is in use
   */
  static void beginAnew(Connection connection, CaptureConfig config, boolean expected)
      throws SQLException {
    String slot = slot(config);
    String found =
        Scalar.of(
            connection, "SELECT slot_name FROM pg_replication_slots WHERE slot_name = ?", slot);
    if (found == null) {
      return;
    }
    if (!expected) {
      throw new OperatorException(
          "replication slot "
              + slot
              + " is there, but "
              + config.positionsPlace()
              + " has no position of capture "
              + config.name()
              + ": was that lost, or the capture's name taken by another? `capture"
              + " --snapshot` begins anew: it drops the slot and sends all rows that are there"
              + " now");
    }
    try {
      String _ = Scalar.of(connection, "SELECT pg_drop_replication_slot(?)::text", slot);
    } catch (SQLException e) {
      if ("55006".equals(e.getSQLState())) {
        throw new OperatorException(
            "replication slot "
                + slot
                + " is in use: another `spendwatch capture` of this name is running",
            e);
      }
      throw e;
    }
  }

  /** Where a record stands. */
  static LogPosition position(Struct source) {
    Long lsn = source.getInt64("lsn");
    Long transaction = source.getInt64("txId");
    return new LogPosition(
        "lsn=" + lsnText(lsn == null ? 0 : lsn) + " tx=" + transaction,
        lsn == null ? 0 : Math.max(0, lsn),
        source.getInt64("ts_ms"));
  }

  static String lsnText(long lsn) {
    return (Long.toHexString(lsn >>> 32) + "/" + Long.toHexString(lsn & 0xFFFF_FFFFL))
        .toUpperCase(Locale.ROOT);
  }
}
