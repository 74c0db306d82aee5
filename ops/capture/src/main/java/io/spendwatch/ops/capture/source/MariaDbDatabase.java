package io.spendwatch.ops.capture.source;

import io.debezium.connector.mariadb.MariaDbConnectorTask;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.ops.capture.warehouse.WarehouseHistory;
import io.spendwatch.ops.capture.warehouse.WarehousePlan;
import io.spendwatch.streams.capture.change.ColumnType;
import io.spendwatch.streams.capture.change.LogPosition;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceTask;

/**
 * MariaDB, by its binary log. The log has columns by their places only: what they are called is
 * kept as a history of the tables, in a topic.
 */
final class MariaDbDatabase implements BusinessDatabase {
  private static final String CONNECT_MS_MAX = "10000";

  private static final Pattern MODIFIER = Pattern.compile("\\(\\d+(,\\d+)?\\)");

  private final SourceAddress address;
  private final MariaDbLog log;

  MariaDbDatabase(SourceAddress address) {
    this.address = address;
    this.log = new MariaDbLog(address);
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
      return Catalogue.read(
          statement,
          tables,
          row ->
              new Catalogue.Entry(
                  row.getString(1),
                  "",
                  column(row.getString(2), row.getString(3), row.getString(4), row.getBoolean(5)),
                  type(row.getString(3), row.getString(4)),
                  Catalogue.ifThere(row, 6)));
    }
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
    var dates =
        new InexactValues(
            this, "dates with a year, month or day 0, which are no dates", this::isNoDate);
    try (Connection connection = connect()) {
      return dates.in(connection, tables);
    }
  }

  private Optional<String> isNoDate(WarehousePlan.Column column) {
    String name = quoted(column.name());
    return switch (column.rule().orElseThrow().form()) {
      case DATE, LOCAL, INSTANT ->
          Optional.of(
              "year(" + name + ") = 0 OR month(" + name + ") = 0 OR dayofmonth(" + name + ") = 0");
      case NUMBER, FRACTION, TRUTH, BITS, TEXT, BYTES, TIME, SPAN, SHOWN -> Optional.empty();
    };
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
        + quotedTable(name);
  }

  /** It has none that its replicas share; transactions' numbers tell one from another. */
  @Override
  public String identity() {
    return address.database();
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
    try (Connection connection = connect()) {
      return log.misfits(connection);
    }
  }

  @Override
  public void requireLog(CaptureConfig config, Map<String, Object> offset) throws SQLException {
    try (Connection connection = connect()) {
      log.require(connection, offset);
    }
  }

  /** Who reads the log leaves nothing in the server. */
  @Override
  public void beginAnew(CaptureConfig config, boolean expected) {}

  @Override
  public boolean isExact(Map<String, ?> offset, boolean heartbeat, Map<String, ?> before) {
    return MariaDbLog.isExact(offset, heartbeat, before);
  }

  @Override
  public String table(Struct source) {
    return source.getString("db") + "." + source.getString("table");
  }

  @Override
  public LogPosition position(Struct source) {
    return MariaDbLog.position(source);
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
}
