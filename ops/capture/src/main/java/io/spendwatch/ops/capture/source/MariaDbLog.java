package io.spendwatch.ops.capture.source;

import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.streams.capture.change.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.connect.data.Struct;

/**
 * MariaDB's binary log: whether it has what is needed, and what its places mean. A place is the
 * numbers of the transactions before it or, where a server gives them none, a file and a place in
 * it. Stateless; blocks where it asks.
 */
final class MariaDbLog {
  /** Domain, server and number of a transaction. */
  private static final Pattern GTID = Pattern.compile("(\\d+)-\\d+-(\\d+)");

  private final SourceAddress address;

  MariaDbLog(SourceAddress address) {
    this.address = address;
  }

  /** Why the log does not have what is needed, each with what to do; empty where it has. */
  List<String> misfits(Connection connection) throws SQLException {
    List<String> misfits = new ArrayList<>();
    if (!Scalar.of(connection, "SELECT version()").toLowerCase(Locale.ROOT).contains("mariadb")) {
      misfits.add(
          address
              + " is not MariaDB: MySQL's own log is read by another connector, which is not"
              + " part of this");
    }
    requireSetting(misfits, connection, "log_bin", "1", "ON");
    requireSetting(misfits, connection, "binlog_format", "ROW", "ROW");
    requireSetting(misfits, connection, "binlog_row_image", "FULL", "FULL");
    return misfits;
  }

  private void requireSetting(
      List<String> misfits, Connection connection, String variable, String value, String setting)
      throws SQLException {
    String found = Scalar.of(connection, "SELECT @@global." + variable);
    if (!value.equals(found)) {
      misfits.add(
          address
              + " does not write what is captured into its log: set "
              + variable
              + " = "
              + setting
              + " (it is "
              + found
              + ") and restart it");
    }
  }

  /**
   * Checks that the log still has all that comes after a position.
   *
   * @param offset as the task has given it
   * @throws io.spendwatch.errors.OperatorException if it has not: what to do
   */
  void require(Connection connection, Map<String, Object> offset) throws SQLException {
    if (offset.get("gtids") instanceof String kept && !kept.isBlank()) {
      requireTransactions(connection, transactions(kept));
    } else if (offset.get("file") instanceof String file) {
      requireFile(connection, file);
    }
  }

  /**
   * By transactions' own numbers, which are the same on each server of a set: after a failover the
   * files are others.
   */
  private void requireTransactions(Connection connection, Map<String, Long> kept)
      throws SQLException {
    List<String> files = files(connection);
    if (files.isEmpty()) {
      throw BusinessDatabase.lost(address, "it has no binary log");
    }
    String oldest =
        Scalar.of(
            connection, "SELECT binlog_gtid_pos('" + files.getFirst().replace("'", "''") + "', 4)");
    for (Map.Entry<String, Long> before : transactions(oldest).entrySet()) {
      long keptNumber = kept.getOrDefault(before.getKey(), 0L);
      if (keptNumber < before.getValue()) {
        throw BusinessDatabase.lost(
            address,
            "what comes after transaction "
                + keptNumber
                + " of domain "
                + before.getKey()
                + " was purged (binlog_expire_logs_seconds, PURGE BINARY LOGS)");
      }
    }
    Map<String, Long> newest =
        transactions(Scalar.of(connection, "SELECT @@global.gtid_binlog_pos"));
    for (Map.Entry<String, Long> place : kept.entrySet()) {
      if (newest.getOrDefault(place.getKey(), 0L) < place.getValue()) {
        throw BusinessDatabase.lost(
            address,
            "it has no transaction "
                + place.getValue()
                + " of domain "
                + place.getKey()
                + ", up to which changes were captured: it was made anew, or restored to an"
                + " earlier time");
      }
    }
  }

  /** Of {@code domain-server-number,…}: the greatest number of each domain. */
  static Map<String, Long> transactions(String gtids) {
    Map<String, Long> numbers = new LinkedHashMap<>();
    Matcher gtid = GTID.matcher(gtids == null ? "" : gtids);
    while (gtid.find()) {
      numbers.merge(gtid.group(1), Long.parseLong(gtid.group(2)), Math::max);
    }
    return numbers;
  }

  private void requireFile(Connection connection, String file) throws SQLException {
    if (!files(connection).contains(file)) {
      throw BusinessDatabase.lost(
          address, "file " + file + " was purged (binlog_expire_logs_seconds, PURGE BINARY LOGS)");
    }
  }

  private static List<String> files(Connection connection) throws SQLException {
    List<String> files = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement("SHOW BINARY LOGS");
        ResultSet logs = statement.executeQuery()) {
      while (logs.next()) {
        files.add(logs.getString(1));
      }
    }
    return files;
  }

  /**
   * Of a heartbeat, between transactions only, since it comes before its event counts as read; and
   * only of later ones than that of the place before: where reading begins within a transaction,
   * its beginning comes once more.
   */
  static boolean isExact(Map<String, ?> offset, boolean heartbeat, Map<String, ?> before) {
    return !heartbeat
        || (!offset.containsKey("event") && !transaction(offset).equals(transaction(before)));
  }

  /** Before which reading on would begin. */
  private static String transaction(Map<String, ?> offset) {
    Object gtids = offset.get("gtids");
    return gtids == null ? offset.get("file") + ":" + offset.get("pos") : gtids.toString();
  }

  /** Where a record stands. */
  static LogPosition position(Struct source) {
    Long place = source.getInt64("pos");
    return new LogPosition(
        "file="
            + source.getString("file")
            + " pos="
            + place
            + " row="
            + source.getInt32("row")
            + " gtid="
            + source.getString("gtid"),
        place == null ? 0 : place,
        source.getInt64("ts_ms"));
  }
}
