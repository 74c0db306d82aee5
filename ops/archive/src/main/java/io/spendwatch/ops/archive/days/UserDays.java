package io.spendwatch.ops.archive.days;

import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Workspace;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import io.spendwatch.ops.rounds.ArchiveWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The archived days that have one user: counted, or written anew without. Reads all files of the
 * archive. Blocks; for one thread.
 */
public final class UserDays {
  /** Beyond any day that there is, from now. */
  private static final Duration ALL_DAYS = Duration.ofDays(36_500);

  private final LiveDays live;
  private final ArchiveStore store;
  private final Workspace workspace;
  private final InstantSource clock;
  private final String userId;

  public UserDays(
      LiveDays live, ArchiveStore store, Workspace workspace, InstantSource clock, String userId) {
    this.live = live;
    this.store = store;
    this.workspace = workspace;
    this.clock = clock;
    this.userId = userId;
  }

  /** The days, and how many rows of each have the user. */
  public List<DayRows> count() {
    List<DayRows> found = new ArrayList<>();
    for (LocalDate day : ArchivedDay.all(store)) {
      long rows =
          workspace.withParquet(
              parquet ->
                  new UserRewriter(store, parquet, workspace.directory(), clock, userId)
                      .count(ArchivedDay.required(store, day)));
      if (rows > 0) {
        found.add(new DayRows(day, rows));
      }
    }
    return found;
  }

  /**
   * Writes the days anew, with a pseudonym in place of the id, and removes what no manifest names.
   * Nobody else may write meanwhile, and the tables have the pseudonym.
   */
  public List<DayRows> erase(String pseudonym) {
    Map<LocalDate, ArchiveWriter.Day> noted = new HashMap<>();
    live.days(clock.instant().plus(ALL_DAYS)).stream()
        .filter(ArchiveWriter.Day::isArchived)
        .forEach(day -> noted.put(day.day(), day));
    Map<LocalDate, Integer> revisions = new HashMap<>();
    live.archived().forEach(day -> revisions.put(day.day(), day.revision()));
    List<DayRows> erased = new ArrayList<>();
    Set<String> named = new HashSet<>();
    for (LocalDate day : ArchivedDay.all(store)) {
      UserRewriter.Rewritten rewritten =
          workspace.withParquet(
              parquet ->
                  new UserRewriter(store, parquet, workspace.directory(), clock, userId)
                      .rewrite(day, pseudonym));
      Manifest manifest = rewritten.manifest();
      manifest.tables().values().stream()
          .flatMap(table -> table.files().stream())
          .forEach(file -> named.add(file.name()));
      if (rewritten.rows() > 0) {
        erased.add(new DayRows(day, rewritten.rows()));
      }
      if (noted.containsKey(day)) {
        note(noted.get(day), manifest, revisions.get(day));
      }
    }
    removeOthers(named);
    return erased;
  }

  /** Retention goes by what is noted: compared anew, unless there is more to compare than that. */
  private void note(ArchiveWriter.Day day, Manifest manifest, int revision) {
    if (revision != manifest.revision()) {
      live.noteRewritten(manifest);
    }
    if (!day.wasDropped() && day.isSettled() && !live.isAsNoted(day.day())) {
      var _ =
          workspace.withParquet(
              parquet ->
                  new DayWriter(
                          live, store, parquet, Optional.empty(), workspace.directory(), clock)
                      .write(day, Optional.empty()));
    }
  }

  private void removeOthers(Set<String> named) {
    for (ArchiveTable table : ArchiveTable.values()) {
      for (ArchiveStore.Entry entry : store.list(table.word() + "/")) {
        if (!named.contains(entry.name())) {
          store.delete(entry.name());
        }
      }
    }
  }
}
