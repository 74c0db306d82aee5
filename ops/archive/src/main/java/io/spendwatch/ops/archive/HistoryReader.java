package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.AnalysisConfig;
import io.spendwatch.ops.analysis.ArchiveReader;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.Column;
import io.spendwatch.ops.archive.format.Workspace;
import io.spendwatch.ops.archive.store.ArchiveLocation;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

  @Override
  public SortedSet<LocalDate> needed(String sql, Set<String> relations, SortedSet<LocalDate> days) {
    return inDirectory(
        directory -> {
          try (HistorySnapshot snapshot = snapshot()) {
            return needed(snapshot, directory, sql, relations, days);
          }
        });
  }

  private SortedSet<LocalDate> needed(
      HistorySnapshot snapshot,
      Path directory,
      String sql,
      Set<String> relations,
      Collection<LocalDate> days) {
    try (HistoryEngine engine = open(directory, "chooser")) {
      snapshot.copyColumns(engine, relations, deadlineNanos());
      return engine.needed(sql, days);
    }
  }

  @Override
  public AnalysisAnswer answer(
      String sql, Set<String> relations, String because, CompletionStage<?> unwanted) {
    long startedNanos = System.nanoTime();
    return inDirectory(
        directory -> {
          try (HistoryEngine engine = open(directory, "engine")) {
            Copied copied = copy(engine, directory, sql, relations);
            FetchedDays fetched = FetchedDays.of(store, config, copied.archived(), directory);
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
  private record Copied(HistorySnapshot.Seen seen, SortedSet<LocalDate> archived, long rows) {}

  private Copied copy(HistoryEngine engine, Path directory, String sql, Set<String> relations) {
    long waitedUntilNanos = System.nanoTime() + LEAVING_MAX.toNanos();
    while (true) {
      try (HistorySnapshot snapshot = snapshot()) {
        HistorySnapshot.Seen seen = snapshot.see(uri);
        SortedSet<LocalDate> needed = needed(snapshot, directory, sql, relations, seen.all());
        SortedSet<LocalDate> leaving = common(needed, seen.leaving());
        if (leaving.isEmpty()) {
          long rows =
              snapshot.copy(engine, relations, common(needed, seen.attached()), deadlineNanos());
          return new Copied(seen, common(needed, seen.dropped()), rows);
        }
        if (System.nanoTime() > waitedUntilNanos) {
          throw new OperatorException(
              "the transactions of "
                  + leaving.getFirst()
                  + " are leaving the table at this moment: ask again when the node that does it is"
                  + " through");
        }
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

  private long deadlineNanos() {
    return System.nanoTime() + limits.timeout().toNanos();
  }

  @Override
  public String transactions(String userId, LocalDate from, LocalDate to) {
    return inDirectory(
        directory -> {
          SortedSet<LocalDate> days;
          try (HistorySnapshot snapshot = snapshot()) {
            days = snapshot.see(uri).dropped();
          }
          days.removeIf(day -> day.isBefore(from) || day.isAfter(to));
          List<Map<String, Object>> rows = new ArrayList<>();
          List<Path> files = FetchedDays.of(store, config, days, directory).files();
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

  private HistorySnapshot snapshot() {
    return HistorySnapshot.open(database, role);
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

  @Override
  public void close() {
    store.close();
  }
}
