package io.spendwatch.ops.capture.source;

import io.debezium.connector.mariadb.MariaDbConnectorTask;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.ops.capture.warehouse.WarehouseHistory;
import io.spendwatch.ops.capture.warehouse.WarehousePlan;
import io.spendwatch.ops.capture.warehouse.WarehouseTypes;
import io.spendwatch.streams.capture.change.ColumnType;
import io.spendwatch.streams.capture.change.LogPosition;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceTask;

/**
 * MariaDB, by its binary log. The log has columns by their places only: what they are called is
 * kept as a history of the tables, in a topic.
 */
public final class MariaDbDatabase implements BusinessDatabase {
  private static final String CONNECT_MS_MAX = "10000";

  /** Domain, server and number of a transaction. */
  private static final Pattern GTID = Pattern.compile("(\\d+)-\\d+-(\\d+)");

  private static final Pattern MODIFIER = Pattern.compile("\\(\\d+(,\\d+)?\\)");

  private final SourceAddress address;

  public MariaDbDatabase(SourceAddress address) {
    this.address = address;
  }

  @Override
  public SourceTask task() {
    return new MariaDbConnectorTask();
  }

  @Override
  public Map<String, String> connectorSettings(CaptureConfig config) {
    Map<String, String> settings = new HashMap<>();
    settings.put("connector.class", "io.debezium.connector.mariadb.MariaDbConnector");
    settings.put("database.server.id", Long.toString(config.serverId()));
    settings.put("database.include.list", SessionSettings.quoted(address.database()));
    settings.put("time.precision.mode", "adaptive_time_microseconds");
    settings.put("bigint.unsigned.handling.mode", "precise");
    settings.put("enable.time.adjuster", "false");
    settings.put("include.schema.changes", "false");
    settings.put("schema.history.internal.store.only.captured.tables.ddl", "true");
    settings.put("schema.history.internal.skip.unparseable.ddl", "false");
    switch (config.to()) {
      case KAFKA -> addKafkaHistory(settings, config);
      case WAREHOUSE -> WarehouseHistory.addSettings(settings, config);
    }
    settings.put(
        "database.ssl.mode",
        switch (address.tls()) {
          case DISABLE -> "disable";
          case REQUIRE -> "trust";
          case VERIFY_FULL -> "verify-full";
        });
    return settings;
  }

  private static void addKafkaHistory(Map<String, String> settings, CaptureConfig config) {
    settings.put("schema.history.internal", "io.debezium.storage.kafka.history.KafkaSchemaHistory");
    settings.put("schema.history.internal.kafka.topic", config.historyTopic());
    settings.put(
        "schema.history.internal.kafka.bootstrap.servers", config.kafka().bootstrapServers());
    config
        .kafka()
        .properties()
        .forEach(
            (name, value) -> {
              settings.put("schema.history.internal.producer." + name, value);
              settings.put("schema.history.internal.consumer." + name, value);
            });
  }

  @Override
  public Map<String, SourceTable> tables(Set<String> tables) throws SQLException {
    Map<String, SourceTable> found = new LinkedHashMap<>();
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                """
                SELECT concat(c.table_schema, '.', c.table_name), c.column_name, c.data_type,
                       c.column_type, coalesce(c.generation_expression, '') <> '', k.ordinal_position
                  FROM information_schema.columns c
                  LEFT JOIN information_schema.key_column_usage k
                    ON k.table_schema = c.table_schema AND k.table_name = c.table_name
                   AND k.column_name = c.column_name AND k.constraint_name = 'PRIMARY'
                 WHERE c.table_schema = ? ORDER BY c.ordinal_position
                """)) {
      statement.setString(1, address.database());
      Map<String, TreeMap<Integer, String>> keys = new HashMap<>();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          String table = rows.getString(1);
          if (!tables.contains(table)) {
            continue;
          }
          found
              .computeIfAbsent(
                  table, _ -> new SourceTable(new ArrayList<>(), new ArrayList<>(), ""))
              .columns()
              .add(
                  column(
                      rows.getString(2), rows.getString(3), rows.getString(4), rows.getBoolean(5)));
          int place = rows.getInt(6);
          if (!rows.wasNull()) {
            keys.computeIfAbsent(table, _ -> new TreeMap<>()).put(place, rows.getString(2));
          }
        }
      }
      keys.forEach((table, columns) -> found.get(table).key().addAll(columns.values()));
    }
    return found;
  }

  private static SourceTable.Column column(
      String name, String type, String whole, boolean generated) {
    String declared = whole.toLowerCase(Locale.ROOT);
    Matcher modifier = MODIFIER.matcher(declared);
    String word = type.toLowerCase(Locale.ROOT);
    if (declared.contains("unsigned")) {
      word += " unsigned";
    } else if (declared.equals("bit(1)")) {
      word = declared;
    } else if ((word.equals("enum") || word.equals("set")) && declared.contains("?")) {
      // The catalogue has three bytes for a character, and the log has a label's number only.
      word += " with a label that the catalogue shows with a ?";
    }
    return new SourceTable.Column(name, word, modifier.find() ? modifier.group() : "", generated);
  }

  /** FLOAT is shown with six digits only; as a DOUBLE it has all of them. */
  @Override
  public Map<String, String> exactSnapshot(Set<String> tables) throws SQLException {
    Map<String, String> settings = new HashMap<>();
    List<String> overridden = new ArrayList<>();
    tables(tables)
        .forEach(
            (name, table) -> {
              if (table.columns().stream().anyMatch(MariaDbDatabase::isFloat)) {
                overridden.add(name);
                settings.put("snapshot.select.statement.overrides." + name, select(name, table));
              }
            });
    if (!overridden.isEmpty()) {
      settings.put("snapshot.select.statement.overrides", String.join(",", overridden));
    }
    return settings;
  }

  /** A date of zeros is no date: it is read as null, or as that of 1970 where there is no null. */
  @Override
  public List<String> inexactValues(List<WarehousePlan.Table> tables) throws SQLException {
    List<String> found = new ArrayList<>();
    try (Connection connection = connect()) {
      for (WarehousePlan.Table table : tables) {
        for (WarehousePlan.Column column : table.shared()) {
          WarehouseTypes.Form form = column.rule().orElseThrow().form();
          boolean isDate =
              form == WarehouseTypes.Form.DATE
                  || form == WarehouseTypes.Form.LOCAL
                  || form == WarehouseTypes.Form.INSTANT;
          if (isDate
              && one(
                      connection,
                      "SELECT 1 FROM "
                          + qualified(table.settings().source())
                          + " WHERE year("
                          + quoted(column.name())
                          + ") = 0 OR month("
                          + quoted(column.name())
                          + ") = 0 OR dayofmonth("
                          + quoted(column.name())
                          + ") = 0 LIMIT 1")
                  != null) {
            found.add(
                "column "
                    + column.name()
                    + " of table "
                    + table.settings().source()
                    + " has dates with a year, month or day 0, which are no dates: mend them, or"
                    + " without = ["
                    + column.name()
                    + "] leaves it out");
          }
        }
      }
    }
    return found;
  }

  private String qualified(String table) {
    int dot = table.indexOf('.');
    return quoted(table.substring(0, dot)) + "." + quoted(table.substring(dot + 1));
  }

  private static boolean isFloat(SourceTable.Column column) {
    return column.type().startsWith("float");
  }

  private String select(String name, SourceTable table) {
    return "SELECT "
        + table.columns().stream()
            .map(
                column -> {
                  String quoted = quoted(column.name());
                  return isFloat(column) ? "CAST(" + quoted + " AS DOUBLE) AS " + quoted : quoted;
                })
            .collect(Collectors.joining(", "))
        + " FROM "
        + qualified(name);
  }

  /** It has none that its replicas share; transactions' numbers tell one from another. */
  @Override
  public String identity() {
    return address.database();
  }

  @Override
  public Map<String, Map<String, ColumnType>> schema(Set<String> tables) throws SQLException {
    Map<String, Map<String, ColumnType>> schema = new LinkedHashMap<>();
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT concat(table_schema, '.', table_name), column_name, data_type,"
                    + " column_type FROM information_schema.columns WHERE table_schema = ?"
                    + " ORDER BY ordinal_position")) {
      statement.setString(1, address.database());
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          if (tables.contains(rows.getString(1))) {
            schema
                .computeIfAbsent(rows.getString(1), _ -> new LinkedHashMap<>())
                .put(rows.getString(2), type(rows.getString(3), rows.getString(4)));
          }
        }
      }
    }
    return schema;
  }

  @Override
  public Connection snapshot() throws SQLException {
    Connection connection = connect();
    try (Statement statement = connection.createStatement()) {
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      statement.execute("SET time_zone = '+00:00'");
      statement.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  @Override
  public String quoted(String name) {
    return '`' + name.replace("`", "``") + '`';
  }

  private static ColumnType type(String name, String whole) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "tinyint" -> whole.startsWith("tinyint(1)") ? ColumnType.BOOLEAN : ColumnType.INTEGER;
      case "smallint", "mediumint", "int", "bigint", "year" -> ColumnType.INTEGER;
      case "decimal" -> ColumnType.DECIMAL;
      case "float", "double" -> ColumnType.FLOATING_POINT;
      case "datetime" -> ColumnType.LOCAL_DATE_TIME;
      case "timestamp" -> ColumnType.INSTANT;
      case "date" -> ColumnType.DATE;
      case "time" -> ColumnType.TIME;
      case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "uuid" ->
          ColumnType.TEXT;
      default -> ColumnType.OTHER;
    };
  }

  @Override
  public List<String> misfitsOfLog(Set<String> tables) throws SQLException {
    List<String> misfits = new ArrayList<>();
    try (Connection connection = connect()) {
      if (!one(connection, "SELECT version()").toLowerCase(Locale.ROOT).contains("mariadb")) {
        misfits.add(
            address
                + " is not MariaDB: MySQL's own log is read by another connector, which is not"
                + " part of this");
      }
      require(misfits, connection, "log_bin", "1", "ON");
      require(misfits, connection, "binlog_format", "ROW", "ROW");
      require(misfits, connection, "binlog_row_image", "FULL", "FULL");
    }
    return misfits;
  }

  private void require(
      List<String> misfits, Connection connection, String variable, String value, String setting)
      throws SQLException {
    String found = one(connection, "SELECT @@global." + variable);
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

  @Override
  public void requireLog(CaptureConfig config, Map<String, Object> offset) throws SQLException {
    try (Connection connection = connect()) {
      if (offset.get("gtids") instanceof String kept && !kept.isBlank()) {
        requireTransactions(connection, transactions(kept));
      } else if (offset.get("file") instanceof String file) {
        requireFile(connection, file);
      }
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
        one(connection, "SELECT binlog_gtid_pos('" + files.getFirst().replace("'", "''") + "', 4)");
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
    Map<String, Long> newest = transactions(one(connection, "SELECT @@global.gtid_binlog_pos"));
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
  private static Map<String, Long> transactions(String gtids) {
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

  /** Who reads the log leaves nothing in the server. */
  @Override
  public void beginAnew(CaptureConfig config, boolean expected) {}

  /**
   * Of a heartbeat, between transactions only, since it comes before its event counts as read; and
   * only of later ones than that of the place before: where reading begins within a transaction,
   * its beginning comes once more.
   */
  @Override
  public boolean isExact(Map<String, ?> offset, boolean heartbeat, Map<String, ?> before) {
    return !heartbeat
        || (!offset.containsKey("event") && !transaction(offset).equals(transaction(before)));
  }

  /** Before which reading on would begin. */
  private static String transaction(Map<String, ?> offset) {
    Object gtids = offset.get("gtids");
    return gtids == null ? offset.get("file") + ":" + offset.get("pos") : gtids.toString();
  }

  @Override
  public String table(Struct source) {
    return source.getString("db") + "." + source.getString("table");
  }

  @Override
  public LogPosition position(Struct source) {
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

  private Connection connect() throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", address.user());
    properties.setProperty("password", address.password());
    properties.setProperty("connectTimeout", CONNECT_MS_MAX);
    properties.setProperty("socketTimeout", "30000");
    properties.setProperty(
        "sslMode",
        switch (address.tls()) {
          case DISABLE -> "disable";
          case REQUIRE -> "trust";
          case VERIFY_FULL -> "verify-full";
        });
    if (!address.rootCertificate().isEmpty()) {
      properties.setProperty("serverSslCert", address.rootCertificate());
    }
    return DriverManager.getConnection(
        "jdbc:mariadb://" + address.host() + ":" + address.port() + "/" + address.database(),
        properties);
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql);
        ResultSet row = statement.executeQuery()) {
      return row.next() ? row.getString(1) : null;
    }
  }
}
