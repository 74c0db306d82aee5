package io.spendwatch.ops.capture.source;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.SourceAddress;
import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.ops.capture.warehouse.WarehousePlan;
import io.spendwatch.streams.capture.change.ColumnType;
import io.spendwatch.streams.capture.change.LogPosition;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceTask;

/**
 * The product that changes are captured from: what differs between them. Stateless; each method
 * that throws {@link SQLException} connects anew and blocks.
 */
public interface BusinessDatabase {

  /** The one at an address. */
  static BusinessDatabase of(SourceAddress address) {
    return switch (address.product()) {
      case POSTGRESQL -> new PostgresDatabase(address);
      case MARIADB -> new MariaDbDatabase(address);
    };
  }

  /** Reads the log; not started. */
  SourceTask task();

  /** Settings of the task that are this product's. */
  Map<String, String> connectorSettings(CaptureConfig config);

  /** Of the given tables those that there are, with their columns' types by their names. */
  Map<String, Map<String, ColumnType>> schema(Set<String> tables) throws SQLException;

  /** Of the given tables those that there are, each as the catalogue has it. */
  Map<String, SourceTable> tables(Set<String> tables) throws SQLException;

  /**
   * Settings by which a snapshot reads all values exactly, where the connector by itself does not.
   */
  Map<String, String> exactSnapshot(Set<String> tables) throws SQLException;

  /**
   * Values that a snapshot would not read exactly, each in one line with what to do; empty for
   * none. Reads the tables.
   */
  List<String> inexactValues(List<WarehousePlan.Table> tables) throws SQLException;

  /** By which a database is told from another one at the same address, as far as there is such. */
  String identity() throws SQLException;

  /**
   * A connection in a transaction that only reads, and sees all tables as of one moment; points in
   * time are in UTC. The caller closes it.
   */
  Connection snapshot() throws SQLException;

  /** A name, as statements have it. */
  String quoted(String name);

  /** A table's name with its schema's or database's, which has no dot in it, likewise. */
  default String quotedTable(String table) {
    int dot = table.indexOf('.');
    return quoted(table.substring(0, dot)) + "." + quoted(table.substring(dot + 1));
  }

  /**
   * Why the log does not have what is needed, each with what to do; empty where it has.
   *
   * @param tables of which the log has to have a changed row as it was
   */
  List<String> misfitsOfLog(Set<String> tables) throws SQLException;

  /**
   * Checks that the log still has all that comes after a position.
   *
   * @param offset as the task has given it
   * @throws OperatorException if it has not: what to do
   */
  void requireLog(CaptureConfig config, Map<String, Object> offset) throws SQLException;

  /**
   * Makes room for a snapshot: nothing is left of an earlier walk along the log.
   *
   * @param expected whether there may be one, since a snapshot was begun or is asked for
   * @throws OperatorException if there is one, and was not expected
   */
  void beginAnew(CaptureConfig config, boolean expected) throws SQLException;

  /**
   * Whether reading on from a record's offset gives exactly what comes after the record. Heartbeats
   * of some products stand within what was read already, which would be read again: it changes
   * nothing, but since when balances hold has to be counted exactly.
   *
   * @param before the offset of the last record of which this was said, or where reading began;
   *     empty for none
   */
  boolean isExact(Map<String, ?> offset, boolean heartbeat, Map<String, ?> before);

  /** The table that a record is about, as the mapping names it. */
  String table(Struct source);

  /** Where a record stands in the log. */
  LogPosition position(Struct source);

  /**
   * The log does not have any more what comes after the position that is kept.
   *
   * @param how it came to that
   */
  static OperatorException lost(SourceAddress address, String how) {
    return new OperatorException(
        "the log of "
            + address
            + " has lost its place: "
            + how
            + ". Changes since then cannot be read any more. `capture --snapshot` sends all rows that"
            + " are there now (those that were sent before count once; a warehouse's tables are filled"
            + " anew) and goes on from there; in Kafka, what was changed or deleted meanwhile has to be"
            + " looked for");
  }
}
