package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisConfig;
import io.spendwatch.ops.analysis.ArchiveReader;
import io.spendwatch.ops.analysis.QueryPlan;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.Column;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Workspace;
import io.spendwatch.ops.archive.store.ArchiveLocation;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.database.SqlText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Array;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * Reads days that have left, beside the tables.
 *
 * <pre>
 *   see     in one snapshot of the database, with a lock that keeps its partitions where they are:
 *           which days were dropped, and which partitions there are
 *   choose  the days that the query's conditions leave, by the engine's planner
 *   copy    the tables' rows of those days, and what else the query names; the snapshot ends
 *   fetch   the files of those days that were dropped: each has been named by its manifest before
 *   answer  out of both; a row that is in both counts as the archive has it
 * </pre>
 *
 * What was dropped before the snapshot is in a manifest that is read after it, and what was not is
 * in the snapshot: no row is missed. A partition that is leaving at this moment is waited for.
 */
public final class HistoryReader implements ArchiveReader {
  private static final String READABLE_COLUMNS = SqlText.load(HistoryReader.class, "read_columns");
  private static final String READ_HISTORY = SqlText.load(HistoryReader.class, "read_history");

  /** A partition leaves within moments, or whoever detaches it has died. */
  private static final Duration LEAVING_MAX = Duration.ofSeconds(5);

  private static final Duration LEAVING_PAUSE = Duration.ofMillis(100);

  /** Of one user, on the days around something that is explained. */
  private static final int USER_ROWS_MAX = 100_000;

  private final ArchiveConfig config;
  private final AnalysisConfig limits;
  private final PostgresAddress database;
  private final String role;
  private final String uri;
  private final ArchiveStore store;

  HistoryReader(
      ArchiveConfig config,
      AnalysisConfig limits,
      PostgresAddress database,
      String role,
      String uri,
      ArchiveStore store) {
    this.config = config;
    this.limits = limits;
    this.database = database;
    this.role = role;
    this.uri = uri;
    this.store = store;
  }

  /** Opens them. */
  public static final class Opener implements Provider {
    @Override
    public ArchiveReader open(
        ArchiveConfig archive, AnalysisConfig limits, PostgresAddress database, String role) {
      ArchiveLocation location = ArchiveLocation.of(archive);
      return new HistoryReader(
          archive, limits, database, role, location.uri().toString(), location.open());
    }
  }

  /** What the transactions are made of at a moment. */
  private record Seen(
      SortedSet<LocalDate> dropped,
      SortedSet<LocalDate> attached,
      SortedSet<LocalDate> leaving,
      Instant readAt) {
    SortedSet<LocalDate> all() {
      SortedSet<LocalDate> all = new TreeSet<>(dropped);
      all.addAll(attached);
      all.addAll(leaving);
      return all;
    }
  }

  @Override
  public SortedSet<LocalDate> needed(String sql, Set<String> relations, SortedSet<LocalDate> days) {
    return inDirectory(
        directory -> {
          try (Connection connection = connect()) {
            return needed(connection, directory, sql, relations, days);
          } catch (SQLException e) {
            throw failure(e);
          }
        });
  }

  private SortedSet<LocalDate> needed(
      Connection connection,
      Path directory,
      String sql,
      Set<String> relations,
      Collection<LocalDate> days) {
    try (HistoryEngine engine = open(directory, "chooser")) {
      long deadlineNanos = deadlineNanos();
      for (String relation : others(relations)) {
        engine.copy(
            connection, relation, selectOf(connection, relation) + " LIMIT 0", deadlineNanos);
      }
      return engine.needed(sql, days);
    }
  }

  /** What may be read of it: of accounts all but the names. */
  private static String selectOf(Connection connection, String relation) {
    try (PreparedStatement statement = connection.prepareStatement(READABLE_COLUMNS)) {
      statement.setString(1, "spendwatch." + relation);
      try (ResultSet rows = statement.executeQuery()) {
        String columns = rows.next() ? rows.getString(1) : null;
        return "SELECT " + (columns == null ? "*" : columns) + " FROM spendwatch." + relation;
      }
    } catch (SQLException e) {
      throw new OperatorException(
          "it cannot be found out what may be read of spendwatch."
              + relation
              + ": "
              + e.getMessage(),
          e);
    }
  }

  /** But for the transactions; names of ours, which need no quotes. */
  private static List<String> others(Set<String> relations) {
    return relations.stream()
        .filter(relation -> !relation.equals(HistoryEngine.TRANSACTIONS))
        .sorted()
        .toList();
  }

  @Override
  public AnalysisAnswer answer(
      String sql, Set<String> relations, String because, CompletionStage<?> unwanted) {
    long startedNanos = System.nanoTime();
    return inDirectory(
        directory -> {
          try (HistoryEngine engine = open(directory, "engine")) {
            Copied copied = copy(engine, directory, sql, relations);
            Fetched fetched = fetch(copied.archived(), directory);
            SortedSet<LocalDate> inBoth = new TreeSet<>(copied.archived());
            inBoth.retainAll(copied.seen().attached());
            engine.showTransactions(fetched.files(), inBoth);
            HistoryEngine.Answered answered =
                engine.answer(
                    sql,
                    fetched.files(),
                    new HistoryEngine.Bounds(
                        limits.rowsMax(), limits.bytesMax(), config.queryTimeout()),
                    unwanted);
            Instant readAt = copied.seen().readAt();
            long tookMs = Duration.ofNanos(System.nanoTime() - startedNanos).toMillis();
            return new AnalysisAnswer(
                null,
                null,
                null,
                answered.columns(),
                answered.rows(),
                answered.truncated(),
                "archive",
                String.format(
                    Locale.ROOT,
                    "%s; %,d rows of %d days from there, %,d from the tables",
                    because,
                    fetched.rows(),
                    copied.archived().size(),
                    copied.rows()),
                readAt,
                0,
                tookMs,
                fetched.rows() + copied.rows());
          }
        });
  }

  /** What was copied, and which days are to be read from the archive. */
  private record Copied(Seen seen, SortedSet<LocalDate> archived, long rows) {}

  private Copied copy(HistoryEngine engine, Path directory, String sql, Set<String> relations) {
    long waitedUntilNanos = System.nanoTime() + LEAVING_MAX.toNanos();
    while (true) {
      try (Connection connection = connect()) {
        Seen seen = see(connection);
        SortedSet<LocalDate> needed = needed(connection, directory, sql, relations, seen.all());
        SortedSet<LocalDate> leaving = common(needed, seen.leaving());
        if (leaving.isEmpty()) {
          long rows = copy(engine, connection, relations, common(needed, seen.attached()));
          return new Copied(seen, common(needed, seen.dropped()), rows);
        }
        if (System.nanoTime() > waitedUntilNanos) {
          throw new OperatorException(
              "the transactions of "
                  + leaving.getFirst()
                  + " are leaving the table at this moment: ask again when the node that does it is"
                  + " through");
        }
      } catch (SQLException e) {
        throw failure(e);
      }
      LockSupport.parkNanos(LEAVING_PAUSE.toNanos());
    }
  }

  private static SortedSet<LocalDate> common(
      SortedSet<LocalDate> some, SortedSet<LocalDate> others) {
    SortedSet<LocalDate> common = new TreeSet<>(some);
    common.retainAll(others);
    return common;
  }

  private long copy(
      HistoryEngine engine,
      Connection connection,
      Set<String> relations,
      SortedSet<LocalDate> days) {
    long deadlineNanos = deadlineNanos();
    long rows =
        engine.copy(
            connection,
            HistoryEngine.TRANSACTIONS,
            "SELECT "
                + ArchiveTable.TRANSACTIONS.names()
                + " FROM spendwatch.transactions WHERE "
                + spans(days),
            deadlineNanos);
    for (String relation : others(relations)) {
      rows += engine.copy(connection, relation, selectOf(connection, relation), deadlineNanos);
    }
    return rows;
  }

  /** Days that follow each other are one condition. */
  private static String spans(SortedSet<LocalDate> days) {
    List<String> spans = new ArrayList<>();
    LocalDate first = null;
    LocalDate next = null;
    for (LocalDate day : days) {
      if (!day.equals(next)) {
        if (first != null) {
          spans.add(span(first, next));
        }
        first = day;
      }
      next = day.plusDays(1);
    }
    if (first == null) {
      return "false";
    }
    spans.add(span(first, next));
    return String.join(" OR ", spans);
  }

  private static String span(LocalDate first, LocalDate end) {
    return String.format(
        Locale.ROOT, "event_time >= '%sT00:00:00Z' AND event_time < '%sT00:00:00Z'", first, end);
  }

  private long deadlineNanos() {
    return System.nanoTime() + limits.timeout().toNanos();
  }

  private record Fetched(List<Path> files, long rows) {}

  private Fetched fetch(SortedSet<LocalDate> days, Path directory) {
    List<ArchivedDay> archived = new ArrayList<>();
    long bytes = 0;
    long rows = 0;
    for (LocalDate day : days) {
      ArchivedDay found =
          ArchivedDay.find(store, day)
              .orElseThrow(
                  () ->
                      new OperatorException(
                          "the archive at " + store.address() + " has no " + day));
      archived.add(found);
      Manifest.Table table = found.manifest().table(ArchiveTable.TRANSACTIONS);
      bytes += table.files().stream().mapToLong(Manifest.File::bytes).sum();
      rows += table.totals().rows();
    }
    if (bytes > config.queryBytesMax()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "it reads %,d days of the archive with %,d bytes, and the bound is %,d"
                  + " (SPENDWATCH_ARCHIVE_QUERY_BYTES_MAX): ask for a shorter range of event_time, or"
                  + " of a roll-up",
              days.size(),
              bytes,
              config.queryBytesMax()));
    }
    List<Path> files = new ArrayList<>();
    for (ArchivedDay day : archived) {
      files.addAll(day.files(ArchiveTable.TRANSACTIONS, directory));
    }
    return new Fetched(files, rows);
  }

  @Override
  public String transactions(String userId, LocalDate from, LocalDate to) {
    return inDirectory(
        directory -> {
          SortedSet<LocalDate> days;
          try (Connection connection = connect()) {
            days = see(connection).dropped();
          } catch (SQLException e) {
            throw failure(e);
          }
          days.removeIf(day -> day.isBefore(from) || day.isAfter(to));
          List<Map<String, Object>> rows = new ArrayList<>();
          List<Path> files = fetch(days, directory).files();
          if (!files.isEmpty()) {
            try (HistoryEngine engine = open(directory, "engine")) {
              engine.read(userId, files, row -> rows.add(named(row, rows.size())));
            }
          }
          return Json.write(rows);
        });
  }

  private static Map<String, Object> named(Object[] row, int before) {
    if (before == USER_ROWS_MAX) {
      throw new OperatorException(
          "the user has more transactions on these days than are read from the archive at once: restore"
              + " the days (`spendwatch archive restore`)");
    }
    List<Column> columns = ArchiveTable.TRANSACTIONS.columns();
    Map<String, Object> named = new LinkedHashMap<>();
    for (int i = 0; i < row.length; i++) {
      Object value =
          row[i] != null && columns.get(i).type() == Column.Type.TIME
              ? Instant.EPOCH.plus((Long) row[i], ChronoUnit.MICROS).toString()
              : row[i];
      named.put(columns.get(i).name(), value);
    }
    return named;
  }

  private HistoryEngine open(Path directory, String name) {
    try {
      return HistoryEngine.open(
          Files.createDirectories(directory.resolve(name)), config.memoryLimitBytes());
    } catch (IOException e) {
      throw new OperatorException(directory + ": " + e.getMessage(), e);
    }
  }

  private <T> T inDirectory(Function<Path, T> work) {
    try (Workspace workspace = Workspace.create(config)) {
      return work.apply(workspace.directory());
    }
  }

  /** A session that only reads, in a transaction that sees one moment from {@link #see} on. */
  private Connection connect() throws SQLException {
    Connection connection = database.connect("spendwatch-history");
    try (Statement statement = connection.createStatement()) {
      if (!role.isEmpty()) {
        statement.execute("SET ROLE " + role);
      }
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      connection.setAutoCommit(false);
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  private Seen see(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      // Before the snapshot: from then on no partition of it goes until this ends.
      statement.execute("LOCK TABLE spendwatch.transactions IN ACCESS SHARE MODE");
      try (ResultSet row = statement.executeQuery(READ_HISTORY)) {
        row.next();
        String noted = row.getString("archive_uri");
        if (!uri.equals(noted)) {
          throw new OperatorException(
              "the database's days are in the archive at " + noted + ", not at " + uri);
        }
        SortedSet<LocalDate> dropped = new TreeSet<>();
        for (Object day : elements(row.getArray("dropped"))) {
          dropped.add(((Date) day).toLocalDate());
        }
        return new Seen(
            dropped,
            days(row.getArray("attached")),
            days(row.getArray("leaving")),
            row.getObject("read_at", OffsetDateTime.class).toInstant());
      }
    }
  }

  private static NavigableSet<LocalDate> days(Array partitions) throws SQLException {
    NavigableSet<LocalDate> days = new TreeSet<>();
    for (Object name : elements(partitions)) {
      QueryPlan.days(name.toString()).forEach(days::add);
    }
    return days;
  }

  private static Object[] elements(Array array) throws SQLException {
    return (Object[]) array.getArray();
  }

  private OperatorException failure(SQLException e) {
    return new OperatorException(database + ": " + e.getMessage(), e);
  }

  @Override
  public void close() {
    store.close();
  }
}
