package io.spendwatch.ops.archive.days;

import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.ArchivedDay.DamagedException;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.ops.archive.format.Workspace;
import io.spendwatch.ops.archive.store.ArchiveStore;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Reads the archive, all of its bytes, and compares it with its manifests, with what the database
 * has noted of it, and with the days that are in the table, too. Changes nothing there. Blocks; for
 * one thread.
 */
public final class DayVerifier {
  private final LiveDays live;
  private final ArchiveStore store;
  private final Workspace workspace;

  public DayVerifier(LiveDays live, ArchiveStore store, Workspace workspace) {
    this.live = live;
    this.store = store;
    this.workspace = workspace;
  }

  /** What is wrong with the archive. */
  public record Finding(LocalDate day, Kind kind, String detail) {
    /** A stable code. */
    public enum Kind {
      NO_MANIFEST,
      NOT_NOTED,
      DAMAGED_FILE,
      WRONG_TOTALS,
      OTHER_ROWS
    }
  }

  /** Told of a day that was looked at, with what is wrong. */
  public interface DayVerified {
    void verified(LocalDate day, List<Finding> findings);
  }

  /**
   * Verifies days.
   *
   * @param only one day; empty for all
   * @param each told of each
   */
  public void verify(Optional<LocalDate> only, DayVerified each) {
    Map<LocalDate, LiveDays.Archived> noted = new HashMap<>();
    live.archived().forEach(day -> noted.put(day.day(), day));
    TreeSet<LocalDate> days = new TreeSet<>();
    if (only.isPresent()) {
      days.add(only.get());
    } else {
      days.addAll(noted.keySet());
      days.addAll(ArchivedDay.all(store));
    }
    for (LocalDate day : days) {
      each.verified(day, verify(day, Optional.ofNullable(noted.get(day))));
    }
  }

  private List<Finding> verify(LocalDate day, Optional<LiveDays.Archived> noted) {
    Optional<ArchivedDay> found = ArchivedDay.find(store, day);
    if (found.isEmpty()) {
      return List.of(noManifest(day));
    }
    List<Finding> findings = new ArrayList<>();
    if (noted.isEmpty()) {
      findings.add(
          new Finding(
              day,
              Finding.Kind.NOT_NOTED,
              "the database does not know it; `archive run` notes it"));
    }
    workspace.withParquet(
        parquet -> {
          addFindings(found.get(), Optional.of(parquet), findings);
          return null;
        });
    if (findings.isEmpty() && noted.isPresent() && noted.get().droppedAt() == null) {
      compareWithTable(found.get().manifest(), findings);
    }
    return findings;
  }

  /** The one finding of a day whose manifest is missing. */
  public static Finding noManifest(LocalDate day) {
    return new Finding(day, Finding.Kind.NO_MANIFEST, Manifest.name(day));
  }

  /**
   * A day's files, compared with its manifest only: each is there, to the byte. What is in these
   * bytes was read back and compared before the manifest was put, and is not read once more.
   */
  public List<Finding> verifyFiles(ArchivedDay day) {
    List<Finding> findings = new ArrayList<>();
    return workspace.withFiles(
        () -> {
          addFindings(day, Optional.empty(), findings);
          return findings;
        });
  }

  /**
   * Adds what is wrong with a day's files.
   *
   * @param parquet reads what is in them; empty where their bytes are enough
   */
  private void addFindings(ArchivedDay day, Optional<Parquet> parquet, List<Finding> findings) {
    for (ArchiveTable table : ArchiveTable.values()) {
      addFindings(day, table, parquet, findings);
    }
  }

  private void addFindings(
      ArchivedDay day, ArchiveTable table, Optional<Parquet> parquet, List<Finding> findings) {
    Totals sum = Totals.none(table);
    boolean isWhole = true;
    for (Manifest.File file : day.manifest().table(table).files()) {
      sum = sum.plus(file.totals());
      try {
        Path fetched = day.file(file, workspace.directory());
        if (parquet.isPresent()
            && !parquet
                .get()
                .totals(table, Parquet.archived(table, List.of(fetched)))
                .equals(file.totals())) {
          findings.add(new Finding(day.manifest().day(), Finding.Kind.WRONG_TOTALS, file.name()));
        }
      } catch (DamagedException e) {
        isWhole = false;
        findings.add(new Finding(day.manifest().day(), Finding.Kind.DAMAGED_FILE, e.getMessage()));
      }
    }
    if (isWhole && !sum.equals(day.manifest().table(table).totals())) {
      findings.add(
          new Finding(
              day.manifest().day(),
              Finding.Kind.WRONG_TOTALS,
              "the files of " + table.word() + " are not what the manifest says in all"));
    }
  }

  /** Late rows are no fault: they are added by the next run. */
  private void compareWithTable(Manifest manifest, List<Finding> findings) {
    Totals archived = manifest.table(ArchiveTable.TRANSACTIONS).totals();
    Totals inTable = live.inSnapshot(() -> live.totals(ArchiveTable.TRANSACTIONS, manifest.day()));
    if (inTable.rows() == archived.rows() && !inTable.equals(archived)) {
      findings.add(
          new Finding(
              manifest.day(),
              Finding.Kind.OTHER_ROWS,
              "the table's transactions of the day are not those of the archive"));
    }
  }
}
