package io.spendwatch.ops.capture.source;

import io.debezium.connector.postgresql.PostgresConnectorTask;
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
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceTask;

/** PostgreSQL, by a replication slot and a publication that bear the capture's name. */
final class PostgresDatabase implements BusinessDatabase {
  private static final String CONNECT_SECONDS_MAX = "10";

  private final SourceAddress address;
  private final PostgresLog log;

  PostgresDatabase(SourceAddress address) {
    this.address = address;
    this.log = new PostgresLog(address);
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
    settings.put("slot.name", PostgresLog.slot(config));
    settings.put("slot.drop.on.stop", "false");
    settings.put("publication.name", PostgresLog.slot(config));
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
  public Map<String, SourceTable> tables(Set<String> tables) throws SQLException {
    return catalogue(tables).tables();
  }

  @Override
  public Map<String, Map<String, ColumnType>> schema(Set<String> tables) throws SQLException {
    return catalogue(tables).types();
  }

  private Catalogue catalogue(Set<String> tables) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                // Of a domain, what it is made of.
                """
                SELECT n.nspname || '.' || c.relname, c.relreplident::text, a.attname,
                       CASE WHEN coalesce(b.typtype, t.typtype) = 'e' THEN 'enum'
                            ELSE coalesce(b.typname, t.typname) END,
                       format_type(coalesce(b.oid, t.oid),
                                   CASE WHEN b.oid IS NULL THEN a.atttypmod ELSE t.typtypmod END),
                       a.attgenerated <> '', array_position(i.indkey::int2[], a.attnum),
                       coalesce(b.typname, t.typname)
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
      return Catalogue.read(
          statement,
          tables,
          row ->
              new Catalogue.Entry(
                  row.getString(1),
                  row.getString(2),
                  column(row.getString(3), row.getString(4), row.getString(5), row.getBoolean(6)),
                  type(row.getString(8)),
                  Catalogue.ifThere(row, 7)));
    }
  }

  private static SourceTable.Column column(
      String name, String type, String declared, boolean generated) {
    int from = declared.indexOf('(');
    String modifier = from < 0 ? "" : declared.substring(from, declared.indexOf(')') + 1);
    return new SourceTable.Column(
        name, type.equals("bit") && modifier.equals("(1)") ? "bit(1)" : type, modifier, generated);
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
    var times =
        new InexactValues(
            this,
            "infinite dates, or times before 1582-10-15, which are not read as they are",
            this::inexact);
    try (Connection connection = connect()) {
      return times.in(connection, tables);
    }
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

  @Override
  public String identity() throws SQLException {
    try (Connection connection = connect()) {
      return Scalar.of(connection, "SELECT system_identifier::text FROM pg_control_system()")
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
    try (Connection connection = connect()) {
      return log.misfits(connection, tables);
    }
  }

  @Override
  public void requireLog(CaptureConfig config, Map<String, Object> offset) throws SQLException {
    try (Connection connection = connect()) {
      log.require(connection, PostgresLog.slot(config), offset);
    }
  }

  @Override
  public void beginAnew(CaptureConfig config, boolean expected) throws SQLException {
    try (Connection connection = connect()) {
      PostgresLog.beginAnew(connection, config, expected);
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
    return PostgresLog.position(source);
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
}
