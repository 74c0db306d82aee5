package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.FileWriter;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.format.RowTotals;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.rounds.ArchiveWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a day into the archive, or adds to it what has come since.
 *
 * <pre>
 *   read    the day's rows, of one snapshot, into the engine's tables; add them up
 *   tell    those that the archive has from those that are new
 *   write   the new ones, a file a table, under names that nobody else has
 *   compare what is in the files, as read back from the store, with what was read from the tables
 *   put     the manifest, if it is still the one that was seen: now the archive has the day
 *   note    it in the database: now retention may drop it
 * </pre>
 *
 * Who dies between two of them leaves files that no manifest names, or a day that is not noted; the
 * next run finds either, and goes on from there. For one thread.
 */
public final class DayWriter {
  private static final Logger LOG = LoggerFactory.getLogger(DayWriter.class);

  private static final int TRIES = 3;

  /** Longer than any run takes: files that no manifest names may be those of a run at work. */
  private static final Duration UNNAMED_MAX = Duration.ofDays(2);

  private final LiveDays live;
  private final ArchiveStore store;
  private final Parquet parquet;
  private final Optional<Letters> letters;
  private final Path directory;
  private final FileWriter files;
  private final InstantSource clock;

  /** Where dead letters are read from. */
  public interface Letters {
    /** Gives on those of the day, as rows. */
    void read(LocalDate day, Consumer<Object[]> each);
  }

  /**
   * @param letters empty: days are archived without
   * @param directory for files while it works
   */
  public DayWriter(
      LiveDays live,
      ArchiveStore store,
      Parquet parquet,
      Optional<Letters> letters,
      Path directory,
      InstantSource clock) {
    this.live = live;
    this.store = store;
    this.parquet = parquet;
    this.letters = letters;
    this.directory = directory;
    this.files = new FileWriter(store, parquet, directory);
    this.clock = clock;
  }

  /**
   * What was done.
   *
   * @param manifest as it is now
   * @param added rows that the archive did not have, of all tables
   */
  public record Written(Manifest manifest, long added) {}

  /** A day's rows, staged. */
  private record Staged(Map<ArchiveTable, Totals> totals, LiveDays.Digest digest) {
    long rows(ArchiveTable table) {
      return totals.containsKey(table) ? totals.get(table).rows() : 0;
    }
  }

  /** A table as it is to be in the manifest. */
  private record Table(Manifest.Table table, long added) {}

  /**
   * Does it.
   *
   * @param auditRun that found the day clean
   * @throws OperatorException if it cannot; nothing of it counts then
   */
  public Written write(ArchiveWriter.Day day, Optional<Long> auditRun) {
    for (int attempt = 1; attempt <= TRIES; attempt++) {
      Optional<ArchivedDay> known = ArchivedDay.find(store, day.day());
      if (known.isEmpty() && day.isArchived()) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "the database has it noted that %s was archived, but the archive at %s has no %s:"
                    + " bring it back, or correct spendwatch.archived_days",
                day.day(),
                store.address(),
                Manifest.name(day.day())));
      }
      Staged staged = stage(day.day(), known.isEmpty());
      Optional<Written> written = write(day, known, staged, auditRun);
      if (written.isPresent()) {
        live.note(
            written.get().manifest(),
            staged.digest(),
            staged.rows(ArchiveTable.ALERTS),
            staged.rows(ArchiveTable.ACCOUNT_VERSIONS));
        tidy(written.get().manifest());
        return written.get();
      }
    }
    throw new OperatorException(
        "somebody else writes to the archive at "
            + store.address()
            + ": "
            + Manifest.name(day.day())
            + " was replaced each time");
  }

  private Staged stage(LocalDate day, boolean isNew) {
    Map<ArchiveTable, Totals> totals = new EnumMap<>(ArchiveTable.class);
    LiveDays.Digest digest =
        live.inSnapshot(
            () -> {
              for (ArchiveTable table : ArchiveTable.values()) {
                if (table != ArchiveTable.DEAD_LETTERS && (isNew || table.isAddedTo())) {
                  totals.put(table, stage(table, day));
                }
              }
              return live.digest(day);
            });
    if (isNew && letters.isPresent()) {
      totals.put(ArchiveTable.DEAD_LETTERS, stage(letters.get(), day));
    }
    if (digest.transactions() != totals.get(ArchiveTable.TRANSACTIONS).rows()) {
      throw new IllegalStateException("one snapshot has two counts of " + day);
    }
    return new Staged(totals, digest);
  }

  /** Takes rows from one place to another, and adds them up on the way. */
  private Totals stage(ArchiveTable table, LocalDate day) {
    var totals = new RowTotals(table);
    try (CopyRows rows = live.rows(table, day)) {
      parquet.stage(
          table,
          row -> {
            boolean isThere = rows.next(row);
            if (isThere) {
              totals.add(row);
            }
            return isThere;
          });
    }
    return totals.totals();
  }

  private Totals stage(Letters source, LocalDate day) {
    var totals = new RowTotals(ArchiveTable.DEAD_LETTERS);
    parquet.stageLetters(
        each ->
            source.read(
                day,
                letter -> {
                  totals.add(letter);
                  each.accept(letter);
                }));
    return totals.totals();
  }

  /** Empty: somebody else has put another manifest meanwhile. */
  private Optional<Written> write(
      ArchiveWriter.Day day, Optional<ArchivedDay> known, Staged staged, Optional<Long> auditRun) {
    Map<String, Manifest.Table> tables = new LinkedHashMap<>();
    long added = 0;
    for (ArchiveTable table : ArchiveTable.values()) {
      if (staged.totals().containsKey(table)) {
        Table written = table(table, day, known, staged.totals().get(table));
        tables.put(table.word(), written.table());
        added += written.added();
      } else {
        known.ifPresent(archived -> tables.put(table.word(), archived.manifest().table(table)));
      }
    }
    if (known.isPresent() && added == 0) {
      return Optional.of(new Written(known.get().manifest(), 0));
    }
    Manifest manifest =
        new Manifest(
            Manifest.SCHEMA_VERSION,
            day.day(),
            known.map(archived -> archived.manifest().revision() + 1).orElse(0),
            clock.instant(),
            auditRun.orElse(null),
            tables);
    return store.putIf(Manifest.name(day.day()), manifest.json(), known.map(ArchivedDay::version))
        ? Optional.of(new Written(manifest, added))
        : Optional.empty();
  }

  private Table table(
      ArchiveTable table, ArchiveWriter.Day day, Optional<ArchivedDay> known, Totals staged) {
    Manifest.Table before =
        known
            .map(archived -> archived.manifest().table(table))
            .orElseGet(() -> new Manifest.Table(Totals.none(table), List.of()));
    String all = "SELECT * FROM " + Parquet.staged(table);
    if (before.files().isEmpty()) {
      if (staged.rows() == 0) {
        return new Table(before, 0);
      }
      Manifest.File file = files.put(table, day.day(), all);
      require(file.totals().equals(staged), table, day.day());
      return new Table(new Manifest.Table(file.totals(), List.of(file)), staged.rows());
    }
    var sides = new Sides(table, known.orElseThrow().files(table, directory));
    long changed = parquet.count(sides.changed());
    if (changed > 0) {
      refuseChanged(table, day, changed);
    }
    Totals same = parquet.totals(table, sides.same());
    Totals others = changed == 0 ? Totals.none(table) : parquet.totals(table, sides.changed());
    if (!day.isArchived() && same.rows() == 0 && staged.rows() > 0) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the archive at %s has a %s of which this database has no row: it is that of another"
                  + " installation; give each an address of its own",
              store.address(),
              day.day()));
    }
    long added = staged.rows() - same.rows() - changed;
    if (added == 0) {
      require(same.plus(others).equals(staged), table, day.day());
      return new Table(before, 0);
    }
    Manifest.File file = files.put(table, day.day(), sides.added());
    require(file.totals().plus(same).plus(others).equals(staged), table, day.day());
    return new Table(
        new Manifest.Table(
            before.totals().plus(file.totals()),
            Stream.concat(before.files().stream(), Stream.of(file)).toList()),
        added);
  }

  /**
   * A row that is in both with other values. Of a day that had left, it is one that came once more
   * when nobody knew it any longer: the first one stays. Versions of balances may be closed later.
   */
  private void refuseChanged(ArchiveTable table, ArchiveWriter.Day day, long changed) {
    if (table != ArchiveTable.ACCOUNT_VERSIONS && !day.wasDropped()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "%d of the %s of %s are not what they were when the day was archived, and the archive"
                  + " at %s does not change rows: whoever changed them puts them back, or removes"
                  + " the day from the archive (its manifest, and its row of"
                  + " spendwatch.archived_days) so that it is archived anew",
              changed,
              table.word(),
              day.day(),
              store.address()));
    }
  }

  private static void require(boolean equal, ArchiveTable table, LocalDate day) {
    if (!equal) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "what was read back from the archive is not what the %s of %s are in the database:"
                  + " nothing of the day counts, and its rows stay where they are",
              table.word(),
              day));
    }
  }

  /** Which staged rows the archive has. */
  private record Sides(ArchiveTable table, List<Path> files) {
    private String joined(String kind, String values) {
      return String.format(
          Locale.ROOT,
          "SELECT s.* FROM %s AS s %s JOIN (%s) AS a ON %s%s",
          Parquet.staged(table),
          kind,
          Parquet.archived(table, files),
          table.key().stream()
              .map(key -> "s." + key + " = a." + key)
              .collect(Collectors.joining(" AND ")),
          values);
    }

    private String equal() {
      return table.columns().stream()
          .map(column -> "s." + column.name() + " IS NOT DISTINCT FROM a." + column.name())
          .collect(Collectors.joining(" AND "));
    }

    String same() {
      return joined("", " WHERE " + equal());
    }

    String changed() {
      return joined("", " WHERE NOT (" + equal() + ")");
    }

    String added() {
      return joined("ANTI", "");
    }
  }

  /** The day is archived, whatever becomes of it. */
  private void tidy(Manifest manifest) {
    try {
      removeUnnamed(manifest);
    } catch (OperatorException e) {
      LOG.atWarn()
          .addKeyValue("day", manifest.day())
          .addKeyValue("reason", e.getMessage())
          .log("What earlier runs have left could not be removed; the next one tries again");
    }
  }

  /** Files of runs that have ended before their manifest. */
  private void removeUnnamed(Manifest manifest) {
    Set<String> named =
        manifest.tables().values().stream()
            .flatMap(table -> table.files().stream())
            .map(Manifest.File::name)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    Instant bound = clock.instant().minus(UNNAMED_MAX);
    for (ArchiveTable table : ArchiveTable.values()) {
      for (ArchiveStore.Entry entry : store.list(Manifest.directory(table, manifest.day()))) {
        if (!named.contains(entry.name()) && entry.modified().isBefore(bound)) {
          store.delete(entry.name());
        }
      }
    }
  }
}
