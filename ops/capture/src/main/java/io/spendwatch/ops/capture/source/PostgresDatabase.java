package io.spendwatch.ops.capture.source;

import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.ops.capture.warehouse.WarehousePlan;
import io.spendwatch.streams.capture.change.ColumnType;
import io.spendwatch.streams.capture.change.LogPosition;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceTask;

/** PostgreSQL, by a replication slot and a publication that bear the capture's name. */
final class PostgresDatabase implements BusinessDatabase {
  private static final String CONNECT_SECONDS_MAX = "10";

  private final SourceAddress address;

  PostgresDatabase(SourceAddress address) {
    this.address = address;
  }

  /** Of the replication slot, and of the publication. */
  static String slot(CaptureConfig config) {
    return "spendwatch_" + config.logName();
  }

  @Override
  public SourceTask task() {
    return new PostgresConnectorTask();
  }

  @Override
  public Map<String, String> connectorSettings(CaptureConfig config) {
    Map<String, String> settings = new HashMap<>();
    settings.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    settings.put("database.dbname", address.database());
    settings.put("plugin.name", "pgoutput");
    settings.put("slot.name", slot(config));
    settings.put("slot.drop.on.stop", "false");
    settings.put("publication.name", slot(config));
    settings.put("publication.autocreate.mode", "filtered");
    // A partitioned table is one table.
    settings.put("publish.via.partition.root", "true");
    settings.put("time.precision.mode", "adaptive");
    if (config.to() == CapturePath.WAREHOUSE) {
      // As they are; as numbers, months would be counted as so many days.
      settings.put("interval.handling.mode", "string");
    }
    settings.put("database.sslmode", address.tls().word());
    if (!address.rootCertificate().isEmpty()) {
      settings.put("database.sslrootcert", address.rootCertificate());
    }
    return settings;
  }

  @Override
  public Map<String, Map<String, ColumnType>> schema(Set<String> tables) throws SQLException {
    Map<String, Map<String, ColumnType>> schema = new LinkedHashMap<>();
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT n.nspname || '.' || c.relname, a.attname, coalesce(b.typname, t.typname)"
                    + " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
                    + " JOIN pg_namespace n ON n.oid = c.relnamespace"
                    + " JOIN pg_type t ON t.oid = a.atttypid"
                    // What a domain is made of.
                    + " LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)"
                    + " WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
                    + " AND n.nspname || '.' || c.relname = ANY (?) ORDER BY a.attnum")) {
      statement.setArray(1, connection.createArrayOf("text", tables.toArray()));
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          schema
              .computeIfAbsent(rows.getString(1), _ -> new LinkedHashMap<>())
              .put(rows.getString(2), type(rows.getString(3)));
        }
      }
    }
    return schema;
  }

  @Override
  public Map<String, SourceTable> tables(Set<String> tables) throws SQLException {
    Map<String, SourceTable> found = new LinkedHashMap<>();
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                """
                SELECT n.nspname || '.' || c.relname, c.relreplident::text, a.attname,
                       CASE WHEN coalesce(b.typtype, t.typtype) = 'e' THEN 'enum'
                            ELSE coalesce(b.typname, t.typname) END,
                       format_type(coalesce(b.oid, t.oid),
                                   CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END),
                       a.attgenerated <> '', array_position(i.indkey::int2[], a.attnum)
                  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                  JOIN pg_namespace n ON n.oid = c.relnamespace
                  JOIN pg_type t ON t.oid = a.atttypid
                  LEFT JOIN pg_type b ON b.oid = nullif(t.typbasetype, 0)
                  LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
                 WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
                   AND n.nspname || '.' || c.relname = ANY (?)
                 ORDER BY a.attnum
                """)) {
      statement.setArray(1, connection.createArrayOf("text", tables.toArray()));
      Map<String, TreeMap<Integer, String>> keys = new HashMap<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          String table = rows.getString(1);
          String declared = rows.getString(5);
          int from = declared.indexOf('(');
          String modifier = from < 0 ? "" : declared.substring(from, declared.indexOf(')') + 1);
          String type = rows.getString(4);
          found
              .computeIfAbsent(
                  table, _ -> new SourceTable(new ArrayList<>(), new ArrayList<>(), identity(rows)))
              .columns()
              .add(
                  new SourceTable.Column(
                      rows.getString(3),
                      type.equals("bit") && modifier.equals("(1)") ? "bit(1)" : type,
                      modifier,
                      rows.getBoolean(6)));
          int place = rows.getInt(7);
          if (!rows.wasNull()) {
            keys.computeIfAbsent(table, _ -> new TreeMap<>()).put(place, rows.getString(3));
          }
        }
      }
      keys.forEach((table, columns) -> found.get(table).key().addAll(columns.values()));
    }
    return found;
  }

  @Override
  public Map<String, String> exactSnapshot(Set<String> tables) {
    return Map.of();
  }

  /**
   * What is before the Gregorian calendar is read by the Julian one, and before the year 1 as of
   * after it; infinite dates are read as of some year.
   */
  @Override
  public List<String> inexactValues(List<WarehousePlan.Table> tables) throws SQLException {
    List<String> found = new ArrayList<>();
    try (Connection connection = connect()) {
      for (WarehousePlan.Table table : tables) {
        for (WarehousePlan.Column column : table.shared()) {
          Optional<String> inexact = inexact(column);
          if (inexact.isPresent()
              && one(
                      connection,
                      "SELECT 1 FROM "
                          + qualified(table.settings().source())
                          + " WHERE "
                          + inexact.get()
                          + " LIMIT 1")
                  != null) {
            found.add(
                "column "
                    + column.name()
                    + " of table "
                    + table.settings().source()
                    + " has infinite dates, or times before 1582-10-15, which are not read as they"
                    + " are: mend them, or without = ["
                    + column.name()
                    + "] leaves it out");
          }
        }
      }
    }
    return found;
  }

  /** What of a column would be; empty for nothing. */
  private Optional<String> inexact(WarehousePlan.Column column) {
    String name = quoted(column.name());
    String isOld = name + " < '1582-10-15'";
    return switch (column.rule().orElseThrow().form()) {
      case DATE -> Optional.of(isOld + " OR NOT isfinite(" + name + ")");
      case LOCAL, INSTANT -> Optional.of(isOld + " AND isfinite(" + name + ")");
      case NUMBER, FRACTION, TRUTH, BITS, TEXT, BYTES, TIME, SPAN, SHOWN -> Optional.empty();
    };
  }

  private String qualified(String table) {
    int dot = table.indexOf('.');
    return quoted(table.substring(0, dot)) + "." + quoted(table.substring(dot + 1));
  }

  private static String identity(ResultSet rows) {
    try {
      return rows.getString(2);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public String identity() throws SQLException {
    try (Connection connection = connect()) {
      return one(connection, "SELECT system_identifier::text FROM pg_control_system()")
          + "/"
          + address.database();
    }
  }

  @Override
  public Connection snapshot() throws SQLException {
    Connection connection = connect();
    try {
      // Rows come in portions only within a transaction.
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static ColumnType type(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "int2", "int4", "int8" -> ColumnType.INTEGER;
      case "numeric", "money" -> ColumnType.DECIMAL;
      case "float4", "float8" -> ColumnType.FLOATING_POINT;
      case "timestamp" -> ColumnType.LOCAL_DATE_TIME;
      case "timestamptz" -> ColumnType.INSTANT;
      case "date" -> ColumnType.DATE;
      case "time" -> ColumnType.TIME;
      case "bool" -> ColumnType.BOOLEAN;
      case "text", "varchar", "bpchar", "name", "citext", "uuid" -> ColumnType.TEXT;
      default -> ColumnType.OTHER;
    };
  }

  @Override
  public List<String> misfitsOfLog(Set<String> tables) throws SQLException {
    List<String> misfits = new ArrayList<>();
    try (Connection connection = connect()) {
      String level = one(connection, "SHOW wal_level");
      if (!"logical".equals(level)) {
        misfits.add(
            address
                + " does not write what is captured into its log: set wal_level = logical (it is "
                + level
                + ") and restart it");
      }
      for (String table : tables) {
        String identity =
            one(
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
    }
    return misfits;
  }

  @Override
  public void requireLog(CaptureConfig config, Map<String, Object> offset) throws SQLException {
    String slot = slot(config);
    try (Connection connection = connect();
        PreparedStatement statement =
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

  /** The farthest place that the task may have let the slot go to. */
  private static Long lsn(Map<String, Object> offset) {
    Long farthest = null;
    for (String key : List.of("lsn_proc", "lsn_commit", "lsn")) {
      if (offset.get(key) instanceof Number place
          && (farthest == null || place.longValue() > farthest)) {
        farthest = place.longValue();
      }
    }
    return farthest;
  }

  @Override
  public void beginAnew(CaptureConfig config, boolean expected) throws SQLException {
    String slot = slot(config);
    try (Connection connection = connect()) {
      String found =
          one(connection, "SELECT slot_name FROM pg_replication_slots WHERE slot_name = ?", slot);
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
        String _ = one(connection, "SELECT pg_drop_replication_slot(?)::text", slot);
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
  }

  @Override
  public boolean isExact(Map<String, ?> offset, boolean heartbeat, Map<String, ?> before) {
    return true;
  }

  @Override
  public String table(Struct source) {
    return source.getString("schema") + "." + source.getString("table");
  }

  @Override
  public LogPosition position(Struct source) {
    Long lsn = source.getInt64("lsn");
    Long transaction = source.getInt64("txId");
    return new LogPosition(
        "lsn=" + lsnText(lsn == null ? 0 : lsn) + " tx=" + transaction,
        lsn == null ? 0 : Math.max(0, lsn),
        source.getInt64("ts_ms"));
  }

  private static String lsnText(long lsn) {
    return (Long.toHexString(lsn >>> 32) + "/" + Long.toHexString(lsn & 0xFFFF_FFFFL))
        .toUpperCase(Locale.ROOT);
  }

  private Connection connect() throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", address.user());
    properties.setProperty("password", address.password());
    properties.setProperty("ApplicationName", "spendwatch capture");
    properties.setProperty("connectTimeout", CONNECT_SECONDS_MAX);
    properties.setProperty("loginTimeout", CONNECT_SECONDS_MAX);
    properties.setProperty("socketTimeout", "30");
    properties.setProperty("sslmode", address.tls().word());
    if (!address.rootCertificate().isEmpty()) {
      properties.setProperty("sslrootcert", address.rootCertificate());
    }
    return DriverManager.getConnection(
        "jdbc:postgresql://" + address.host() + ":" + address.port() + "/" + address.database(),
        properties);
  }

  /** The first column of the first row, as text; null for none. */
  private static String one(Connection connection, String sql, String... parameters)
      throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      try (ResultSet row = statement.executeQuery()) {
        return row.next() ? row.getString(1) : null;
      }
    }
  }
}
