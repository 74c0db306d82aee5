package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;

/**
 * The transactions of archived days, on this machine for one question. Nothing is fetched that is
 * more than a question may read.
 *
 * @param files all of them
 * @param rows that are in these
 */
record FetchedDays(List<Path> files, long rows) {

  /**
   * Fetches them; each is in the archive whole, or not at all.
   *
   * @param config how many bytes a query may read
   * @param directory where they come to lie
   */
  static FetchedDays of(
      ArchiveStore store, ArchiveConfig config, SortedSet<LocalDate> days, Path directory) {
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
    return new FetchedDays(files, rows);
  }
}
