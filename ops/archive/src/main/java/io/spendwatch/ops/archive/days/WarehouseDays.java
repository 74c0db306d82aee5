package io.spendwatch.ops.archive.days;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.format.Workspace;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.storage.archive.ArchiveWarehouseConfig;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The verified days of the archive, as the warehouse has them: which it lacks, and how they come
 * there. The warehouse is connected to when it is first asked for. Blocks; for one thread.
 */
public final class WarehouseDays implements AutoCloseable {
  private final Optional<ArchiveWarehouseConfig> config;
  private final String uri;
  private final ArchiveStore store;
  private final LiveDays live;
  private final Workspace workspace;
  private Warehouse warehouse;

  /**
   * @param config of the warehouse; empty: there is none, and what asks for it says so
   * @param uri of the archive
   */
  public WarehouseDays(
      Optional<ArchiveWarehouseConfig> config,
      String uri,
      ArchiveStore store,
      LiveDays live,
      Workspace workspace) {
    this.config = config;
    this.uri = uri;
    this.store = store;
    this.live = live;
    this.workspace = workspace;
  }

  /** Those that it does not have as they are in the archive now. */
  public List<LocalDate> unloaded() {
    Map<LocalDate, Warehouse.Version> loaded = warehouse().loaded();
    return verified().stream()
        .filter(
            day ->
                !new Warehouse.Version(day.revision(), day.archivedAt())
                    .equals(loaded.get(day.day())))
        .map(LiveDays.Revision::day)
        .toList();
  }

  /**
   * Brings a day there.
   *
   * @throws OperatorException if the day is not verified as it is in the archive
   */
  public DayLoader.Done load(LocalDate day) {
    List<LiveDays.Revision> verified = verified();
    LiveDays.Revision wanted =
        verified.stream()
            .filter(revision -> revision.day().equals(day))
            .findFirst()
            .orElseThrow(
                () ->
                    new OperatorException(
                        day
                            + " is not verified as it is in the archive: `spendwatch archive run`"));
    boolean isNewest = verified.getLast().day().equals(day);
    return workspace.withParquet(
        parquet ->
            new DayLoader(store, uri, parquet, warehouse(), workspace.directory())
                .load(wanted, isNewest));
  }

  private List<LiveDays.Revision> verified() {
    return live.revisions().stream().filter(LiveDays.Revision::isVerified).toList();
  }

  private Warehouse warehouse() {
    if (warehouse == null) {
      Warehouse opened =
          Warehouse.open(
              config.orElseThrow(
                  () ->
                      new OperatorException(
                          "there is no warehouse: SPENDWATCH_WAREHOUSE_URI says where it is, as"
                              + " postgresql://user@host/database")));
      try {
        opened.requireNoOther(uri);
      } catch (RuntimeException e) {
        opened.close();
        throw e;
      }
      warehouse = opened;
    }
    return warehouse;
  }

  @Override
  public void close() {
    if (warehouse != null) {
      warehouse.close();
    }
  }
}
