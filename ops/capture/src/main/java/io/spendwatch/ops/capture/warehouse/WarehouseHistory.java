package io.spendwatch.ops.capture.warehouse;

import io.debezium.config.Configuration;
import io.debezium.document.DocumentReader;
import io.debezium.document.DocumentWriter;
import io.debezium.relational.history.AbstractSchemaHistory;
import io.debezium.relational.history.HistoryRecord;
import io.debezium.relational.history.HistoryRecordComparator;
import io.debezium.relational.history.SchemaHistoryException;
import io.debezium.relational.history.SchemaHistoryListener;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.WarehouseConfig;
import io.spendwatch.ops.capture.config.WarehouseState;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What the tables of a MariaDB were made of at each place of its log, which has columns by their
 * places only: kept in the warehouse, in the order of the log. A statement that is read again after
 * a crash is kept again, which changes nothing. Made by Debezium, by name; each call connects anew.
 */
public final class WarehouseHistory extends AbstractSchemaHistory {
  private static final String PREFIX = CONFIGURATION_FIELD_PREFIX_STRING + "warehouse.";

  private PostgresAddress address;
  private String table;
  private String name;

  /** What Debezium is told, so that it makes one of these. */
  public static void addSettings(Map<String, String> settings, CaptureConfig config) {
    WarehouseConfig warehouse = config.warehouse().orElseThrow();
    settings.put("schema.history.internal", WarehouseHistory.class.getName());
    settings.put(PREFIX + "hosts", warehouse.address().hosts());
    settings.put(PREFIX + "database", warehouse.address().database());
    settings.put(PREFIX + "parameters", warehouse.address().parameters());
    settings.put(PREFIX + "user", warehouse.address().user());
    settings.put(PREFIX + "password", warehouse.address().password());
    settings.put(PREFIX + "table", warehouse.qualified(WarehouseState.HISTORY));
    settings.put(PREFIX + "name", config.name());
  }

  @Override
  public void configure(
      Configuration settings,
      HistoryRecordComparator comparator,
      SchemaHistoryListener listener,
      boolean useCatalogBeforeSchema) {
    super.configure(settings, comparator, listener, useCatalogBeforeSchema);
    address =
        new PostgresAddress(
            settings.getString(PREFIX + "hosts"),
            settings.getString(PREFIX + "database"),
            settings.getString(PREFIX + "parameters", ""),
            settings.getString(PREFIX + "user"),
            settings.getString(PREFIX + "password", ""));
    table = settings.getString(PREFIX + "table");
    name = settings.getString(PREFIX + "name");
  }

  @Override
  protected void storeRecord(HistoryRecord record) throws SchemaHistoryException {
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                "INSERT INTO "
                    + table
                    + " SELECT ?, coalesce(max(place), 0) + 1, ? FROM "
                    + table
                    + " WHERE name = ?")) {
      statement.setString(1, name);
      statement.setString(2, DocumentWriter.defaultWriter().write(record.document()));
      statement.setString(3, name);
      statement.executeUpdate();
    } catch (SQLException | IOException e) {
      throw new SchemaHistoryException(WarehouseAwayException.of("the warehouse", e));
    }
  }

  @Override
  protected void recoverRecords(Consumer<HistoryRecord> records) {
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement(
                "SELECT record FROM " + table + " WHERE name = ? ORDER BY place")) {
      statement.setString(1, name);
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          records.accept(new HistoryRecord(DocumentReader.defaultReader().read(rows.getString(1))));
        }
      }
    } catch (SQLException | IOException e) {
      throw new SchemaHistoryException(WarehouseAwayException.of("the warehouse", e));
    }
  }

  @Override
  public boolean exists() {
    try (Connection connection = connect();
        PreparedStatement statement =
            connection.prepareStatement("SELECT FROM " + table + " WHERE name = ? LIMIT 1")) {
      statement.setString(1, name);
      try (ResultSet row = statement.executeQuery()) {
        return row.next();
      }
    } catch (SQLException e) {
      throw new SchemaHistoryException(WarehouseAwayException.of("the warehouse", e));
    }
  }

  /** {@link WarehouseState} makes the table. */
  @Override
  public boolean storageExists() {
    return true;
  }

  private Connection connect() throws SQLException {
    return address.connect("spendwatch capture history", WarehouseConfig.URI);
  }
}
