package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchiveTable.Loaded;
import io.spendwatch.ops.archive.format.Column;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.storage.archive.ArchiveWarehouseConfig;
import io.spendwatch.ops.storage.schema.JdbcSession;
import io.spendwatch.streams.database.SqlText;
import java.sql.Array;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tables of a warehouse that the archive's days are loaded into, over one connection. A day is
 * written in one transaction, and with it the row of {@code loaded_days} that says from which
 * files: both are there, or neither. That row is also the lock, so two that load the same day do it
 * one after the other. For one thread. Throws {@link OperatorException} where the warehouse does
 * not do it.
 */
public final class Warehouse implements AutoCloseable {
  private static final String LIST_LOADED = sql("list_loaded");
  private static final String LOCK_DAY = sql("lock_day");
  private static final String NOTE_LOADED = sql("note_loaded");
  private static final String MAKE_LOADED_DAYS = sql("make_loaded_days");
  private static final String STAGED = "pg_temp.staged";

  /** Of one statement: a day may be large; a server that has not answered by then does not. */
  private static final Duration ANSWER_MAX = Duration.ofHours(1);

  private final ArchiveWarehouseConfig config;
  private final JdbcSession session;

  private Warehouse(ArchiveWarehouseConfig config, JdbcSession session) {
    this.config = config;
    this.session = session;
  }

  /** Connects, and makes what is missing of the schema. */
  public static Warehouse open(ArchiveWarehouseConfig config) {
    try {
      Connection connection =
          config.address().connect("spendwatch-archive-load", ArchiveWarehouseConfig.URI);
      try (Statement statement = connection.createStatement()) {
        connection.setNetworkTimeout(Runnable::run, Math.toIntExact(ANSWER_MAX.toMillis()));
        boolean _ =
            statement.execute(
                "SET search_path = "
                    + config.schema()
                    + "; SET lock_timeout = '1min'; SET statement_timeout = 0");
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
      var warehouse = new Warehouse(config, new JdbcSession(connection, e -> failure(config, e)));
      try {
        warehouse.makeWhatIsMissing();
        return warehouse;
      } catch (RuntimeException e) {
        warehouse.close();
        throw e;
      }
    } catch (SQLException e) {
      throw failure(config, e);
    }
  }

  /** To make what is there already asks for rights that nobody needs otherwise. */
  private void makeWhatIsMissing() {
    boolean _ =
        session.inTransaction(
            () -> {
              boolean _ =
                  session.one(
                      "SELECT pg_advisory_xact_lock(hashtextextended('spendwatch.warehouse', 0))",
                      _ -> true);
              if (isMissing("to_regnamespace", config.schema())) {
                execute("CREATE SCHEMA " + config.schema());
              }
              make("loaded_days", MAKE_LOADED_DAYS);
              for (ArchiveTable table : ArchiveTable.values()) {
                if (table.loaded() != Loaded.NEVER) {
                  make(table.word(), definition(table));
                }
              }
              return true;
            });
  }

  private void make(String table, String definition) throws SQLException {
    if (isMissing("to_regclass", config.schema() + "." + table)) {
      execute(definition);
    }
  }

  private boolean isMissing(String function, String name) {
    return session.one("SELECT " + function + "(?) IS NULL", row -> row.getBoolean(1), name);
  }

  private static String definition(ArchiveTable table) {
    return "CREATE TABLE "
        + table.word()
        + " ("
        + (table.loaded() == Loaded.BY_DAY ? "day date, " : "")
        + table.columns().stream()
            .map(column -> column.name() + " " + column.loadedType())
            .collect(Collectors.joining(", "))
        + ", PRIMARY KEY ("
        + String.join(", ", key(table))
        + "))";
  }

  /** By which a row of the warehouse is known. */
  private static List<String> key(ArchiveTable table) {
    return table.loaded() == Loaded.BY_DAY
        ? Stream.concat(Stream.of("day"), table.key().stream()).toList()
        : table.key();
  }

  /**
   * A day as it was in the archive when it was loaded.
   *
   * @param archivedAt tells days apart that were archived anew
   */
  public record Version(int revision, Instant archivedAt) {}

  /** What is loaded. */
  public Map<LocalDate, Version> loaded() {
    Map<LocalDate, Version> loaded = new HashMap<>();
    session
        .all(
            LIST_LOADED,
            row ->
                Map.entry(
                    row.getObject(1, LocalDate.class),
                    new Version(row.getInt(2), row.getObject(3, OffsetDateTime.class).toInstant())))
        .forEach(day -> loaded.put(day.getKey(), day.getValue()));
    return loaded;
  }

  /**
   * Refuses days of another archive: a day would be sought in two.
   *
   * @param archive by its address
   */
  public void requireNoOther(String archive) {
    List<String> others =
        session.all(
            "SELECT archive FROM loaded_days WHERE archive <> ? LIMIT 1",
            row -> row.getString(1),
            archive);
    if (!others.isEmpty()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%s has days of the archive at %s in its schema %s, not of that at %s: name another"
                  + " schema (SPENDWATCH_ARCHIVE_WAREHOUSE_SCHEMA), or, where the archive has moved,"
                  + " say so by UPDATE %s.loaded_days SET archive = '…'",
              config,
              others.getFirst(),
              config.schema(),
              archive,
              config.schema()));
    }
  }

  /** Does the work in one transaction: all of it is there in the end, or none. */
  public <T> T inTransaction(JdbcSession.Work<T> work) {
    return session.inTransaction(work);
  }

  /**
   * Keeps others from loading the day until the transaction ends.
   *
   * @return the files that were loaded of it
   */
  public Set<String> lock(LocalDate day, String archive) {
    return session.one(
        LOCK_DAY,
        row -> new HashSet<>(Arrays.asList((String[]) row.getArray(1).getArray())),
        day,
        archive);
  }

  /** Notes that the day was loaded. To be called in the transaction that has loaded it. */
  void note(LocalDate day, Version version, Collection<String> files) throws SQLException {
    Array names = session.connection().createArrayOf("text", files.toArray());
    long _ =
        session.update(
            NOTE_LOADED,
            version.revision(),
            version.archivedAt().atOffset(ZoneOffset.UTC),
            names,
            day);
  }

  /**
   * Takes rows of a table to the warehouse, for {@link #merge} and {@link #removeOthers} in the
   * same transaction.
   */
  void stage(ArchiveTable table, Parquet.Rows rows) throws SQLException {
    execute("DROP TABLE IF EXISTS " + STAGED);
    execute(
        "CREATE TEMPORARY TABLE staged ON COMMIT DROP AS SELECT "
            + table.names()
            + " FROM "
            + table.word()
            + " LIMIT 0");
    TableCopy.copy(session, STAGED, table, rows);
    execute("ANALYZE " + STAGED);
  }

  /**
   * Inserts what is missing of the staged rows, and updates what is otherwise.
   *
   * @return how many rows were written
   */
  long merge(ArchiveTable table, LocalDate day) {
    boolean isByDay = table.loaded() == Loaded.BY_DAY;
    List<String> others =
        table.columns().stream()
            .map(Column::name)
            .filter(name -> !table.key().contains(name))
            .toList();
    return session.update(
        "INSERT INTO "
            + table.word()
            + " AS known ("
            + (isByDay ? "day, " : "")
            + table.names()
            + ") SELECT "
            + (isByDay ? "?::date, " : "")
            + table.names()
            + " FROM "
            + STAGED
            + " ON CONFLICT ("
            + String.join(", ", key(table))
            + ") DO UPDATE SET "
            + others.stream()
                .map(name -> name + " = excluded." + name)
                .collect(Collectors.joining(", "))
            + " WHERE "
            + others.stream()
                .map(name -> "known." + name + " IS DISTINCT FROM excluded." + name)
                .collect(Collectors.joining(" OR ")),
        isByDay ? new Object[] {day} : new Object[0]);
  }

  /**
   * Removes what is not among the staged rows: of the day, or of a table that has the newest only.
   *
   * @return how many rows were removed
   */
  long removeOthers(ArchiveTable table, LocalDate day) {
    boolean isByDay = table.loaded() == Loaded.BY_DAY;
    return session.update(
        "DELETE FROM "
            + table.word()
            + " AS known WHERE "
            + (isByDay ? "known.day = ? AND " : "")
            + "NOT EXISTS (SELECT FROM "
            + STAGED
            + " AS staged WHERE "
            + table.key().stream()
                .map(name -> "staged." + name + " = known." + name)
                .collect(Collectors.joining(" AND "))
            + ")",
        isByDay ? new Object[] {day} : new Object[0]);
  }

  /** How many rows the warehouse has: of the day, or of a table that has the newest only. */
  public long count(ArchiveTable table, LocalDate day) {
    boolean isByDay = table.loaded() == Loaded.BY_DAY;
    return session.one(
        "SELECT count(*) FROM " + table.word() + (isByDay ? " WHERE day = ?" : ""),
        row -> row.getLong(1),
        isByDay ? new Object[] {day} : new Object[0]);
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = session.connection().createStatement()) {
      boolean _ = statement.execute(sql);
    }
  }

  private static String sql(String name) {
    return SqlText.load(Warehouse.class, name);
  }

  private static OperatorException failure(ArchiveWarehouseConfig config, SQLException e) {
    return new OperatorException(config + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    session.close();
  }
}
