package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.ops.archive.format.Workspace;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;

/**
 * Brings a day's transactions back into the table, all of them or none, and compares what is there
 * then with what has left. Retention leaves them alone for a while. Whoever asks has the lock.
 * Blocks; for one thread.
 */
public final class DayRestorer {
  private final LiveDays live;
  private final Workspace workspace;

  public DayRestorer(LiveDays live, Workspace workspace) {
    this.live = live;
    this.workspace = workspace;
  }

  /**
   * What came back.
   *
   * @param transactions of the day that the table has now
   * @param restored of them, those that it had not
   * @param keptUntil when retention may take the day again
   */
  public record Restored(LocalDate day, long transactions, long restored, Instant keptUntil) {}

  /**
   * Does it.
   *
   * @throws OperatorException if the table would not have what the archive has; nothing came back
   */
  public Restored restore(ArchivedDay archived, Instant keptUntil) {
    LocalDate day = archived.manifest().day();
    Totals totals = archived.manifest().table(ArchiveTable.TRANSACTIONS).totals();
    List<Path> files = archived.files(ArchiveTable.TRANSACTIONS, workspace.directory());
    return workspace.withParquet(
        parquet ->
            live.inTransaction(
                () -> {
                  long restored =
                      files.isEmpty()
                          ? 0
                          : live.insert(
                              day,
                              each ->
                                  parquet.read(
                                      ArchiveTable.TRANSACTIONS,
                                      Parquet.archived(ArchiveTable.TRANSACTIONS, files),
                                      each));
                  requireEqual(day, totals);
                  live.noteRestored(day, live.digest(day), keptUntil);
                  live.noteAction(
                      "archive restore " + day,
                      String.format(
                          Locale.ROOT,
                          "%d transactions are in the table, %d of them restored; kept until %s",
                          totals.rows(),
                          restored,
                          keptUntil));
                  return new Restored(day, totals.rows(), restored, keptUntil);
                }));
  }

  private void requireEqual(LocalDate day, Totals archived) {
    Totals inTable = live.totals(ArchiveTable.TRANSACTIONS, day);
    if (!inTable.equals(archived)) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "nothing was restored: the table would have %d transactions of %s, and the archive has"
                  + " %d (or others): what has come since is to be archived first, by `spendwatch"
                  + " archive run`",
              inTable.rows(),
              day,
              archived.rows()));
    }
  }
}
