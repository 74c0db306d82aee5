package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.format.RowTotals;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.ops.archive.store.ArchiveStore;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Brings a day of the archive to the warehouse, so that the warehouse has exactly what the day's
 * manifest names. What it has of files that are still named stays; a day of which a file is not
 * named any more, since somebody was erased or it was archived anew, is compared as a whole. Each
 * file is read once, compared with its checksum and totals on the way. For one thread.
 */
public final class DayLoader {
  private final ArchiveStore store;
  private final String uri;
  private final Parquet parquet;
  private final Warehouse warehouse;
  private final Path directory;

  /**
   * @param uri of the archive
   * @param directory for copies of files
   */
  public DayLoader(
      ArchiveStore store, String uri, Parquet parquet, Warehouse warehouse, Path directory) {
    this.store = store;
    this.uri = uri;
    this.parquet = parquet;
    this.warehouse = warehouse;
    this.directory = directory;
  }

  /**
   * What was done.
   *
   * @param written rows that were missing, or otherwise
   * @param removed rows that the day has no longer
   */
  public record Done(int revision, long written, long removed) {
    private Done plus(long moreWritten, long moreRemoved) {
      return new Done(revision, written + moreWritten, removed + moreRemoved);
    }
  }

  /**
   * Loads the day: all of it, or nothing. What the archive has is read once nobody else can load
   * the day, so the last one to do it has seen the last manifest.
   *
   * @param noted as the database has the day noted
   * @param isNewest whether no later day is in the archive
   */
  public Done load(LiveDays.Revision noted, boolean isNewest) {
    LocalDate day = noted.day();
    return warehouse.inTransaction(
        () -> {
          Set<String> loaded = warehouse.lock(day, uri);
          ArchivedDay archived =
              ArchivedDay.find(store, day)
                  .orElseThrow(
                      () ->
                          new OperatorException(
                              "the archive at "
                                  + store.address()
                                  + " has no "
                                  + Manifest.name(day)));
          Manifest manifest = archived.manifest();
          var done = new Done(manifest.revision(), 0, 0);
          Set<String> named = new HashSet<>();
          for (ArchiveTable table : ArchiveTable.values()) {
            List<Manifest.File> files = manifest.table(table).files();
            files.forEach(file -> named.add(file.name()));
            done =
                switch (table.loaded()) {
                  case BY_DAY -> load(archived, table, loaded, done);
                  case NEWEST -> isNewest ? loadAll(archived, table, done) : done;
                  case NEVER -> done;
                };
          }
          warehouse.note(
              day, new Warehouse.Version(manifest.revision(), noted.archivedAt()), named);
          return done;
        });
  }

  private Done load(ArchivedDay archived, ArchiveTable table, Set<String> loaded, Done before)
      throws SQLException {
    Manifest.Table wanted = archived.manifest().table(table);
    List<Manifest.File> missing =
        wanted.files().stream().filter(file -> !loaded.contains(file.name())).toList();
    String directoryName = Manifest.directory(table, archived.manifest().day());
    boolean isWithdrawn =
        loaded.stream()
            .anyMatch(
                name ->
                    name.startsWith(directoryName)
                        && wanted.files().stream().noneMatch(file -> file.name().equals(name)));
    if (isWithdrawn) {
      return loadAll(archived, table, before);
    }
    Done done = before;
    if (!missing.isEmpty()) {
      stage(archived, table, missing);
      done = done.plus(warehouse.merge(table, archived.manifest().day()), 0);
    }
    // Somebody may have changed the warehouse's rows.
    return warehouse.count(table, archived.manifest().day()) == wanted.totals().rows()
        ? done
        : loadAll(archived, table, done);
  }

  /** All of its files, and nothing else. */
  private Done loadAll(ArchivedDay archived, ArchiveTable table, Done before) throws SQLException {
    LocalDate day = archived.manifest().day();
    Manifest.Table wanted = archived.manifest().table(table);
    stage(archived, table, wanted.files());
    long removed = warehouse.removeOthers(table, day);
    long written = warehouse.merge(table, day);
    long rows = warehouse.count(table, day);
    if (rows != wanted.totals().rows()) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "nothing of %s was loaded: the warehouse would have %d rows of %s, and the archive has"
                  + " %d",
              day,
              rows,
              table.word(),
              wanted.totals().rows()));
    }
    return before.plus(written, removed);
  }

  private void stage(ArchivedDay archived, ArchiveTable table, List<Manifest.File> files)
      throws SQLException {
    List<Path> fetched = new ArrayList<>();
    Totals expected = Totals.none(table);
    for (Manifest.File file : files) {
      fetched.add(archived.requiredFile(file, directory));
      expected = expected.plus(file.totals());
    }
    var totals = new RowTotals(table);
    warehouse.stage(
        table,
        each -> {
          if (!fetched.isEmpty()) {
            parquet.read(
                table,
                Parquet.archived(table, fetched),
                row -> {
                  totals.add(row);
                  each.accept(row);
                });
          }
        });
    if (!totals.totals().equals(expected)) {
      throw new OperatorException(
          "the archive at "
              + store.address()
              + " is damaged: the files of "
              + table.word()
              + " are not what the manifest says (`spendwatch archive verify "
              + archived.manifest().day()
              + "` says all of it)");
    }
  }
}
