package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.days.DayLoader;
import io.spendwatch.ops.archive.days.DayRestorer;
import io.spendwatch.ops.archive.days.DayRestorer.Restored;
import io.spendwatch.ops.archive.days.DayVerifier;
import io.spendwatch.ops.archive.days.DayVerifier.DayVerified;
import io.spendwatch.ops.archive.days.DayVerifier.Finding;
import io.spendwatch.ops.archive.days.DayWriter;
import io.spendwatch.ops.archive.days.DeadLetterRows;
import io.spendwatch.ops.archive.days.LiveDays;
import io.spendwatch.ops.archive.days.UserDays;
import io.spendwatch.ops.archive.days.WarehouseDays;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Workspace;
import io.spendwatch.ops.archive.store.ArchiveLocation;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import io.spendwatch.ops.rounds.ArchiveWriter;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * An archive, opened together with the database whose days it has: one of them belongs to the
 * other, and one process at a time writes. What is done with days stands in {@code days}; this owns
 * what they need for it, and is what rounds and commands ask. Blocks, for as long as it takes; for
 * one thread. Throws {@link OperatorException} where it cannot be done.
 */
public final class Archive implements ArchiveWriter {
  private final ArchiveConfig config;
  private final String uri;
  private final ArchiveStore store;
  private final LiveDays live;
  private final Optional<DayWriter.Letters> letters;
  private final Timekeeper time;
  private final Workspace workspace;
  private final WarehouseDays warehouse;

  public Archive(
      ArchiveConfig config,
      String uri,
      ArchiveStore store,
      LiveDays live,
      Optional<DayWriter.Letters> letters,
      Timekeeper time) {
    this.config = config;
    this.uri = uri;
    this.store = store;
    this.live = live;
    this.letters = letters;
    this.time = time;
    this.workspace = Workspace.create(config);
    this.warehouse = new WarehouseDays(config.warehouse(), uri, store, live, workspace);
  }

  /** Opens it for rounds. */
  public static final class Opener implements Provider {
    @Override
    public ArchiveWriter open(
        ArchiveConfig archive,
        PostgresAddress database,
        Optional<KafkaConfig> kafka,
        Timekeeper time) {
      return Archive.open(
          archive,
          database,
          kafka.map(cluster -> new DeadLetterRows(new DeadLetterTopics(cluster))),
          time);
    }
  }

  /**
   * Opens the archive that the settings name, and the database.
   *
   * @throws OperatorException if there is none, or the database does not answer
   */
  public static Archive open(
      ArchiveConfig config,
      PostgresAddress database,
      Optional<DayWriter.Letters> letters,
      Timekeeper time) {
    ArchiveLocation location = ArchiveLocation.of(config);
    ArchiveStore store = location.open();
    try {
      return new Archive(
          config,
          location.uri().toString(),
          store,
          LiveDays.open(database, config.role()),
          letters,
          time);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /**
   * Takes the lock; notes where the archive is, if nobody has.
   *
   * @throws OperatorException also where the archive is not that of the database
   */
  @Override
  public boolean begin() {
    if (!live.tryLock()) {
      return false;
    }
    settleUri();
    live.requireNobodyHalfErased();
    live.requireKnownColumns();
    return true;
  }

  /** Keeps others from writing to the archive, until this is closed. */
  public void lock() {
    if (!live.tryLock()) {
      throw new OperatorException(
          "another run of the archive is at work; try again when it is done");
    }
  }

  /** One database, one archive: a day must not be looked for in two places. */
  private void settleUri() {
    if (live.archiveUri().isEmpty()) {
      live.noteUri(uri);
    }
    requireOwnUri();
  }

  /** Refuses where the database's days are in another archive. */
  void requireOwnUri() {
    Optional<String> noted = live.archiveUri();
    if (noted.isPresent() && !noted.get().equals(uri)) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the database's days are in the archive at %s, not at %s: copy all of it there, and"
                  + " say so by UPDATE spendwatch.settings SET archive_uri = '…'",
              noted.get(),
              uri));
    }
  }

  @Override
  public List<Day> due() {
    return live.closedBefore(config.settled()).map(live::days).orElse(List.of()).stream()
        .filter(day -> !day.isArchived() || !day.isSettled())
        .toList();
  }

  @Override
  public boolean isAudited(Day day) {
    return audit(day).isPresent();
  }

  /** The run of the audit that has found it clean. */
  private Optional<Long> audit(Day day) {
    return live.cleanAuditAfter(day.writtenAt().orElse(Instant.EPOCH));
  }

  @Override
  public Outcome export(Day day, boolean needsAudit) {
    Optional<Long> audit = audit(day);
    if (needsAudit && audit.isEmpty()) {
      return Outcome.waiting(day);
    }
    long startedNanos = time.nanoTime();
    DayWriter.Written written =
        workspace.withParquet(
            parquet ->
                new DayWriter(live, store, parquet, letters, workspace.directory(), time)
                    .write(day, audit));
    Manifest manifest = written.manifest();
    return new Outcome(
        day.day(),
        written.added() == 0
            ? Result.NOTED
            : manifest.revision() == 0 ? Result.ARCHIVED : Result.ADDED,
        manifest.table(ArchiveTable.TRANSACTIONS).totals().rows(),
        manifest.table(ArchiveTable.ALERTS).totals().rows(),
        written.added(),
        manifest.bytes(),
        Duration.ofNanos(time.nanoTime() - startedNanos).toMillis(),
        null);
  }

  /** The days that have rows of a user. Reads all files. */
  public List<DayRows> count(String userId) {
    return daysOf(userId).count();
  }

  /**
   * Writes the days that have rows of a user anew, with a pseudonym in place of the id. Nobody else
   * may write meanwhile, and the tables have the pseudonym.
   */
  public List<DayRows> erase(String userId, String pseudonym) {
    return daysOf(userId).erase(pseudonym);
  }

  private UserDays daysOf(String userId) {
    return new UserDays(live, store, workspace, time, userId);
  }

  /** What the database has noted, the newest day first. */
  List<LiveDays.Archived> list() {
    return live.archived();
  }

  /** What the archive has of a day. */
  Manifest show(LocalDate day) {
    return ArchivedDay.required(store, day).manifest();
  }

  /** Compares one day, or all, with what they should be; {@code each} is told of each. */
  void verify(Optional<LocalDate> only, DayVerified each) {
    verifier().verify(only, each);
  }

  private DayVerifier verifier() {
    return new DayVerifier(live, store, workspace);
  }

  @Override
  public List<LocalDate> unverified() {
    return live.unverified();
  }

  /** The tables were compared when it was written, and are again when they are dropped. */
  @Override
  public List<String> verifyFiles(LocalDate day) {
    Optional<ArchivedDay> found = ArchivedDay.find(store, day);
    List<Finding> findings =
        found.map(verifier()::verifyFiles).orElseGet(() -> List.of(DayVerifier.noManifest(day)));
    if (findings.isEmpty()) {
      live.noteVerified(found.orElseThrow().manifest());
    }
    return findings.stream().map(finding -> finding.kind() + " " + finding.detail()).toList();
  }

  @Override
  public void release() {
    live.unlock();
  }

  @Override
  public boolean hasWarehouse() {
    return config.warehouse().isPresent();
  }

  @Override
  public List<LocalDate> unloaded() {
    return warehouse.unloaded();
  }

  @Override
  public Load load(LocalDate day) {
    long startedNanos = time.nanoTime();
    DayLoader.Done done = warehouse.load(day);
    return new Load(
        day,
        done.revision(),
        done.written(),
        done.removed(),
        Duration.ofNanos(time.nanoTime() - startedNanos).toMillis());
  }

  /** Brings a day's transactions back into the table; all of them, or none. */
  Restored restore(LocalDate day) {
    lock();
    live.requireNobodyHalfErased();
    return new DayRestorer(live, workspace)
        .restore(ArchivedDay.required(store, day), time.instant().plus(config.keepRestored()));
  }

  @Override
  public void close() {
    try (live;
        store;
        warehouse) {
      workspace.close();
    }
  }
}
