package io.spendwatch.ops.capture.walk;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.Position;
import io.spendwatch.ops.capture.config.SourceTable;
import io.spendwatch.ops.capture.config.WarehouseConfig;
import io.spendwatch.ops.capture.config.WarehouseState;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.ops.capture.source.ChangeReader;
import io.spendwatch.ops.capture.warehouse.WarehouseAwayException;
import io.spendwatch.ops.capture.warehouse.WarehouseLayout;
import io.spendwatch.ops.capture.warehouse.WarehousePlan;
import io.spendwatch.ops.capture.warehouse.WarehouseRows;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.capture.BalanceClock;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * The tables of a warehouse. What was gathered is written in one transaction, and with it the place
 * in the log up to which it goes: so both are there, or neither, and reading on from the place
 * gives exactly what is missing. Within a batch the last change of a key is written. While the
 * warehouse writes, reading waits.
 */
final class WarehouseDestination implements Destination {
  /** Of one statement; a server that has not answered by then does not. */
  private static final Duration ANSWER_MAX = Duration.ofMinutes(10);

  /** Of a table that is altered again and again, old ones are found anew. */
  private static final int LAYOUTS_MAX = 1000;

  private final CaptureConfig config;
  private final WarehouseConfig warehouse;
  private final BusinessDatabase database;
  private final Timekeeper time;
  private final CaptureProgress progress;
  private final Map<String, WarehouseRows> rows = new LinkedHashMap<>();
  private final Map<String, WarehousePlan.Table> tables = new HashMap<>();
  private final IdentityHashMap<Schema, WarehouseLayout> layouts = new IdentityHashMap<>();
  private Connection connection;
  private WarehouseState state;
  private String source = "";
  private Optional<SourceRecord> place = Optional.empty();
  private Optional<SourceRecord> kept = Optional.empty();
  private long gatheredRows;
  private long gatheredBytes;
  private long gatheredSinceNanos;
  private long keptAtNanos;

  WarehouseDestination(
      CaptureConfig config, BusinessDatabase database, Timekeeper time, CaptureProgress progress) {
    this.config = config;
    this.warehouse = config.warehouse().orElseThrow();
    this.database = database;
    this.time = time;
    this.progress = progress;
  }

  /** What is asked of the warehouse. */
  private interface Work<T> {
    T run() throws SQLException;
  }

  /** Work in a transaction of its own. */
  private <T> T inTransaction(Work<T> work) throws WarehouseAwayException {
    try {
      T result = work.run();
      connection.commit();
      return result;
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** What no waiting mends is for people to mend. */
  private WarehouseAwayException failed(SQLException e) {
    if (isPassing(String.valueOf(e.getSQLState()))) {
      return WarehouseAwayException.of(warehouse.toString(), e);
    }
    throw new OperatorException(warehouse + " refuses: " + e.getMessage(), e);
  }

  /** Connection, resources, deadlock, shutdown, failover, lock, a timeout; unknown ones, too. */
  private static boolean isPassing(String sqlState) {
    return !sqlState.matches("\\w{5}")
        || List.of("08", "40", "53", "57", "58", "XX", "99").contains(sqlState.substring(0, 2))
        || List.of("25006", "55P03", "55006").contains(sqlState);
  }

  @Override
  public void open() throws WarehouseAwayException {
    try {
      connection = connect();
    } catch (SQLException e) {
      throw failed(e);
    }
    state = new WarehouseState(warehouse, config.name(), connection);
    boolean _ =
        inTransaction(
            () -> {
              state.prepare();
              state.takeOver();
              return true;
            });
  }

  private Connection connect() throws SQLException {
    Connection opened = warehouse.address().connect("spendwatch capture", WarehouseConfig.URI);
    try {
      opened.setNetworkTimeout(Runnable::run, Math.toIntExact(ANSWER_MAX.toMillis()));
      opened.setAutoCommit(false);
      return opened;
    } catch (SQLException e) {
      opened.close();
      throw e;
    }
  }

  @Override
  public List<String> misfits() throws SQLException, WarehouseAwayException {
    List<String> misfits = new ArrayList<>(database.misfitsOfLog(Set.of()));
    Map<String, SourceTable> sources = database.tables(warehouse.sources());
    if (connection == null) {
      try (Connection opened = connect()) {
        misfits.addAll(WarehousePlan.of(config, sources, opened).misfits());
      } catch (SQLException e) {
        throw failed(e);
      }
      return misfits;
    }
    source = database.identity();
    WarehousePlan plan =
        inTransaction(
            () -> {
              WarehousePlan found = WarehousePlan.of(config, sources, connection);
              if (found.misfits().isEmpty()) {
                found.createMissing(connection);
              }
              return found;
            });
    take(plan);
    misfits.addAll(plan.misfits());
    return misfits;
  }

  private void take(WarehousePlan plan) {
    for (WarehousePlan.Table table : plan.tables()) {
      tables.put(table.settings().source(), table);
      rows.put(table.settings().source(), new WarehouseRows(table));
    }
  }

  @Override
  public Map<String, String> settings() throws SQLException {
    return database.exactSnapshot(warehouse.sources());
  }

  @Override
  public Position position() throws WarehouseAwayException {
    return inTransaction(() -> state.read(source));
  }

  @Override
  public Set<String> addedSince(Set<String> keptTables) {
    Set<String> added = new TreeSet<>();
    warehouse.tables().forEach(table -> added.addAll(table.addedSince(keptTables)));
    return added;
  }

  /** What an earlier snapshot, or capture, has put there goes; what somebody else has, stays. */
  @Override
  public void beginSnapshot() throws WarehouseAwayException, SQLException {
    List<String> inexact = database.inexactValues(List.copyOf(tables.values()));
    if (!inexact.isEmpty()) {
      throw new OperatorException(String.join("; ", inexact));
    }
    boolean _ =
        inTransaction(
            () -> {
              state.lock();
              Set<String> ours = state.targets();
              for (WarehousePlan.Table table : tables.values()) {
                if (!ours.contains(table.target())) {
                  requireEmpty(table);
                }
                try (Statement statement = connection.createStatement()) {
                  statement.execute("TRUNCATE " + table.target());
                }
              }
              state.begin(
                  tables.values().stream().map(WarehousePlan.Table::target).toList(), source);
              return true;
            });
  }

  private void requireEmpty(WarehousePlan.Table table) throws SQLException {
    try (PreparedStatement statement =
            connection.prepareStatement("SELECT FROM " + table.target() + " LIMIT 1");
        ResultSet row = statement.executeQuery()) {
      if (row.next()) {
        throw new OperatorException(
            "table "
                + table.target()
                + " of "
                + warehouse
                + " has rows that capture "
                + config.name()
                + " has not put there: empty it, or name another target");
      }
    }
  }

  @Override
  public void begin(Position from) {
    keptAtNanos = time.nanoTime();
  }

  @Override
  public void take(SourceRecord record, boolean isPlace) throws WarehouseAwayException {
    if (isPlace) {
      place = Optional.of(record);
    }
    if (!ChangeReader.isChange(record)) {
      return;
    }
    Struct envelope = (Struct) record.value();
    Struct about = envelope.getStruct("source");
    progress.read(database.position(about).commitMs());
    progress.sent();
    String name = database.table(about);
    WarehouseRows table = rows.get(name);
    if (table == null) {
      throw new IllegalStateException("a change of table " + name + ", which is not captured");
    }
    switch (envelope.getString("op")) {
      case "t" -> table.removeAll();
      case "d" -> table.remove(values(name, envelope.getStruct("before")));
      default -> table.put(values(name, envelope.getStruct("after")));
    }
    if (gatheredRows++ == 0) {
      gatheredSinceNanos = time.nanoTime();
    }
    if (gatheredRows >= warehouse.batchRowsMax() || gatheredBytes >= warehouse.batchBytesMax()) {
      write();
    }
  }

  private Object[] values(String table, Struct row) {
    WarehouseLayout layout = layouts.get(row.schema());
    if (layout == null) {
      if (layouts.size() >= LAYOUTS_MAX) {
        layouts.clear();
      }
      layout = WarehouseLayout.of(tables.get(table), rows.get(table).columns(), row.schema());
      layouts.put(row.schema(), layout);
    }
    Object[] values = layout.values(row);
    for (Object value : values) {
      gatheredBytes += 8 + (value instanceof String text ? text.length() : 0);
    }
    return values;
  }

  @Override
  public void pause() throws WarehouseAwayException {
    long now = time.nanoTime();
    boolean isDue =
        gatheredRows > 0
            ? now - gatheredSinceNanos >= warehouse.batchInterval().toNanos()
            : place.isPresent() && now - keptAtNanos >= config.positionInterval().toNanos();
    if (isDue) {
      write();
    }
  }

  @Override
  public void finish() throws WarehouseAwayException {
    if (gatheredRows > 0 || place.isPresent()) {
      write();
    }
  }

  /** All that was gathered, and the place that it goes up to. */
  private void write() throws WarehouseAwayException {
    Optional<SourceRecord> upTo =
        place.filter(record -> !Position.isWithinSnapshot(record.sourceOffset()));
    boolean _ =
        inTransaction(
            () -> {
              state.lock();
              for (WarehouseRows table : rows.values()) {
                table.write(connection);
              }
              if (upTo.isPresent()) {
                state.keep(
                    new Position.InLog(
                        new HashMap<>(upTo.get().sourceOffset()),
                        BalanceClock.State.INITIAL,
                        warehouse.kept()));
              }
              return true;
            });
    progress.applied(gatheredRows);
    keptAtNanos = time.nanoTime();
    if (upTo.isPresent()) {
      kept = upTo;
      progress.positionKept(time.millis());
    }
    place = Optional.empty();
    gatheredRows = 0;
    gatheredBytes = 0;
  }

  @Override
  public Optional<SourceRecord> takeKept() {
    Optional<SourceRecord> taken = kept;
    kept = Optional.empty();
    return taken;
  }

  @Override
  public void close() {
    if (connection != null) {
      try {
        connection.close();
      } catch (SQLException e) {
        // Its transaction is undone in any case.
      }
    }
  }
}
