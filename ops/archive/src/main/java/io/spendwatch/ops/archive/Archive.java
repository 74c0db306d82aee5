package io.spendwatch.ops.archive;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.archive.days.DayLoader;
import io.spendwatch.ops.archive.days.DayWriter;
import io.spendwatch.ops.archive.days.DeadLetterRows;
import io.spendwatch.ops.archive.days.LiveDays;
import io.spendwatch.ops.archive.days.UserRewriter;
import io.spendwatch.ops.archive.days.Warehouse;
import io.spendwatch.ops.archive.format.ArchiveTable;
import io.spendwatch.ops.archive.format.ArchivedDay;
import io.spendwatch.ops.archive.format.ArchivedDay.DamagedException;
import io.spendwatch.ops.archive.format.Manifest;
import io.spendwatch.ops.archive.format.Parquet;
import io.spendwatch.ops.archive.format.RowTotals;
import io.spendwatch.ops.archive.format.Totals;
import io.spendwatch.ops.archive.store.ArchiveStore;
import io.spendwatch.ops.archive.store.FileStore;
import io.spendwatch.ops.archive.store.S3Store;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import io.spendwatch.ops.rounds.ArchiveWriter;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What there is to do with the archive. Blocks, for as long as it takes; for one thread. Throws
 * {@link OperatorException} where it cannot be done.
 */
public final class Archive implements ArchiveWriter {
  /** Beyond any day that there is, from now. */
  private static final Duration ALL_DAYS = Duration.ofDays(36_500);

  private final ArchiveConfig config;
  private final String uri;
  private final ArchiveStore store;
  private final LiveDays live;
  private final Optional<DayWriter.Letters> letters;
  private final Timekeeper time;
  private final Path directory;
  private Warehouse warehouse;

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
    this.directory = workDirectory(config);
  }

  static Path workDirectory(ArchiveConfig config) {
    try {
      if (config.directory().isEmpty()) {
        return Files.createTempDirectory("spendwatch-archive-");
      }
      Files.createDirectories(config.directory().get());
      return Files.createTempDirectory(config.directory().get(), "archive-");
    } catch (IOException e) {
      throw new OperatorException("spendwatch.archive.directory: " + e, e);
    }
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
    URI uri = requiredUri(config);
    ArchiveStore store = store(uri, config.endpoint());
    try {
      return new Archive(
          config, uri.toString(), store, LiveDays.open(database, config.role()), letters, time);
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  /** Where it is. */
  static URI requiredUri(ArchiveConfig config) {
    return config
        .uri()
        .orElseThrow(
            () ->
                new OperatorException(
                    "there is no archive: SPENDWATCH_ARCHIVE_URI says where it is to be, as"
                        + " file:///var/lib/spendwatch/archive or s3://bucket/prefix"));
  }

  public static ArchiveStore store(URI uri, Optional<URI> endpoint) {
    return "s3".equals(uri.getScheme()) ? new S3Store(uri, endpoint) : new FileStore(Path.of(uri));
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
        withParquet(
            parquet ->
                new DayWriter(live, store, parquet, letters, directory, time).write(day, audit));
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

  /** Work with the engine. */
  private interface Work<T> {
    T with(Parquet parquet);
  }

  private <T> T withParquet(Work<T> work) {
    Path spill = directory.resolve("engine");
    try {
      Files.createDirectories(spill);
      try (Parquet parquet = Parquet.open(spill, config.memoryLimitBytes())) {
        return work.with(parquet);
      } finally {
        // Of days that follow each other, one is here at a time.
        clear();
      }
    } catch (IOException e) {
      throw new OperatorException(directory + ": " + e.getMessage(), e);
    }
  }

  private void clear() throws IOException {
    List<Path> left;
    try (Stream<Path> files = Files.list(directory)) {
      left = files.toList();
    }
    left.forEach(Parquet::remove);
  }

  /** The days that have rows of a user. Reads all files. */
  public List<DayRows> count(String userId) {
    List<DayRows> found = new ArrayList<>();
    for (LocalDate day : new TreeSet<>(inStore())) {
      long rows =
          withParquet(
              parquet ->
                  new UserRewriter(store, parquet, directory, time, userId).count(archived(day)));
      if (rows > 0) {
        found.add(new DayRows(day, rows));
      }
    }
    return found;
  }

  /**
   * Writes the days that have rows of a user anew, with a pseudonym in place of the id, and removes
   * what no manifest names. Nobody else may write meanwhile, and the tables have the pseudonym.
   */
  public List<DayRows> erase(String userId, String pseudonym) {
    Map<LocalDate, Day> noted = new HashMap<>();
    live.days(time.instant().plus(ALL_DAYS)).stream()
        .filter(Day::isArchived)
        .forEach(day -> noted.put(day.day(), day));
    Map<LocalDate, Integer> revisions = new HashMap<>();
    live.archived().forEach(day -> revisions.put(day.day(), day.revision()));
    List<DayRows> erased = new ArrayList<>();
    Set<String> named = new HashSet<>();
    for (LocalDate day : new TreeSet<>(inStore())) {
      UserRewriter.Rewritten rewritten =
          withParquet(
              parquet ->
                  new UserRewriter(store, parquet, directory, time, userId)
                      .rewrite(day, pseudonym));
      Manifest manifest = rewritten.manifest();
      manifest.tables().values().stream()
          .flatMap(table -> table.files().stream())
          .forEach(file -> named.add(file.name()));
      if (rewritten.rows() > 0) {
        erased.add(new DayRows(day, rewritten.rows()));
      }
      if (noted.containsKey(day)) {
        noteErased(noted.get(day), manifest, revisions.get(day));
      }
    }
    for (ArchiveTable table : ArchiveTable.values()) {
      for (ArchiveStore.Entry entry : store.list(table.word() + "/")) {
        if (!named.contains(entry.name())) {
          store.delete(entry.name());
        }
      }
    }
    return erased;
  }

  /** Retention goes by what is noted: compared anew, unless there is more to compare than that. */
  private void noteErased(Day day, Manifest manifest, int revision) {
    if (revision != manifest.revision()) {
      live.noteRewritten(manifest);
    }
    if (!day.wasDropped() && day.isSettled() && !live.isAsNoted(day.day())) {
      var _ =
          withParquet(
              parquet ->
                  new DayWriter(live, store, parquet, Optional.empty(), directory, time)
                      .write(day, Optional.empty()));
    }
  }

  /** What the database has noted, the newest day first. */
  List<LiveDays.Archived> list() {
    return live.archived();
  }

  /** What the archive has of a day. */
  Manifest show(LocalDate day) {
    return archived(day).manifest();
  }

  private ArchivedDay archived(LocalDate day) {
    return ArchivedDay.find(store, day)
        .orElseThrow(
            () -> new OperatorException("the archive at " + store.address() + " has no " + day));
  }

  /** What is wrong with the archive. */
  record Finding(LocalDate day, Kind kind, String detail) {
    /** A stable code. */
    enum Kind {
      NO_MANIFEST,
      NOT_NOTED,
      DAMAGED_FILE,
      WRONG_TOTALS,
      OTHER_ROWS
    }
  }

  /**
   * Reads the archive, all of its bytes, and compares it with its manifests, with what is noted of
   * it, and with the days that are in the table, too.
   *
   * @param only one day; empty for all
   * @param each told of each day that was looked at, with what is wrong
   */
  void verify(Optional<LocalDate> only, DayVerified each) {
    Map<LocalDate, LiveDays.Archived> noted = new HashMap<>();
    live.archived().forEach(day -> noted.put(day.day(), day));
    TreeSet<LocalDate> days = new TreeSet<>();
    if (only.isPresent()) {
      days.add(only.get());
    } else {
      days.addAll(noted.keySet());
      days.addAll(inStore());
    }
    for (LocalDate day : days) {
      each.verified(day, verify(day, Optional.ofNullable(noted.get(day))));
    }
  }

  /** Told of a day. */
  interface DayVerified {
    void verified(LocalDate day, List<Finding> findings);
  }

  private List<LocalDate> inStore() {
    return store.list(ArchiveStore.MANIFESTS).stream()
        .map(ArchiveStore.Entry::name)
        .filter(name -> name.matches(ArchiveStore.MANIFESTS + "\\d{4}-\\d{2}-\\d{2}\\.json"))
        .map(
            name ->
                LocalDate.parse(
                    name.substring(
                        ArchiveStore.MANIFESTS.length(), ArchiveStore.MANIFESTS.length() + 10)))
        .toList();
  }

  private List<Finding> verify(LocalDate day, Optional<LiveDays.Archived> noted) {
    Optional<ArchivedDay> found = ArchivedDay.find(store, day);
    if (found.isEmpty()) {
      return List.of(new Finding(day, Finding.Kind.NO_MANIFEST, Manifest.name(day)));
    }
    List<Finding> findings = new ArrayList<>();
    if (noted.isEmpty()) {
      findings.add(
          new Finding(
              day,
              Finding.Kind.NOT_NOTED,
              "the database does not know it; `archive run` notes it"));
    }
    findings.addAll(verify(found.get()));
    if (findings.isEmpty() && noted.isPresent() && noted.get().droppedAt() == null) {
      compareWithTable(found.get().manifest(), findings);
    }
    return findings;
  }

  @Override
  public List<LocalDate> unverified() {
    return live.unverified();
  }

  /** The tables were compared when it was written, and are again when they are dropped. */
  @Override
  public List<String> verifyFiles(LocalDate day) {
    Optional<ArchivedDay> found = ArchivedDay.find(store, day);
    if (found.isEmpty()) {
      return List.of(Finding.Kind.NO_MANIFEST + " " + Manifest.name(day));
    }
    List<Finding> findings = verify(found.get());
    if (findings.isEmpty()) {
      live.noteVerified(found.get().manifest());
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
    Map<LocalDate, Warehouse.Version> loaded = warehouse().loaded();
    return live.revisions().stream()
        .filter(LiveDays.Revision::isVerified)
        .filter(
            day ->
                !new Warehouse.Version(day.revision(), day.archivedAt())
                    .equals(loaded.get(day.day())))
        .map(LiveDays.Revision::day)
        .toList();
  }

  @Override
  public Load load(LocalDate day) {
    long startedNanos = time.nanoTime();
    List<LiveDays.Revision> noted =
        live.revisions().stream().filter(LiveDays.Revision::isVerified).toList();
    LiveDays.Revision wanted =
        noted.stream()
            .filter(revision -> revision.day().equals(day))
            .findFirst()
            .orElseThrow(
                () ->
                    new OperatorException(
                        day
                            + " is not verified as it is in the archive: `spendwatch archive run`"));
    boolean isNewest = noted.getLast().day().equals(day);
    DayLoader.Done done =
        withParquet(
            parquet ->
                new DayLoader(store, uri, parquet, warehouse(), directory).load(wanted, isNewest));
    return new Load(
        day,
        done.revision(),
        done.written(),
        done.removed(),
        Duration.ofNanos(time.nanoTime() - startedNanos).toMillis());
  }

  /** Opened when it is asked for. */
  private Warehouse warehouse() {
    if (warehouse == null) {
      Warehouse opened =
          Warehouse.open(
              config
                  .warehouse()
                  .orElseThrow(
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

  private List<Finding> verify(ArchivedDay day) {
    List<Finding> findings = new ArrayList<>();
    return withParquet(
        parquet -> {
          for (ArchiveTable table : ArchiveTable.values()) {
            verify(day, table, parquet, findings);
          }
          return findings;
        });
  }

  private void verify(
      ArchivedDay day, ArchiveTable table, Parquet parquet, List<Finding> findings) {
    Totals sum = Totals.none(table);
    boolean isWhole = true;
    for (Manifest.File file : day.manifest().table(table).files()) {
      sum = sum.plus(file.totals());
      try {
        Path fetched = day.file(file, directory);
        if (!parquet
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
    var here = new RowTotals(ArchiveTable.TRANSACTIONS);
    live.inSnapshot(
        () -> {
          live.read(ArchiveTable.TRANSACTIONS, manifest.day(), here::add);
          return null;
        });
    Totals inTable = here.totals();
    if (inTable.rows() == archived.rows() && !inTable.equals(archived)) {
      findings.add(
          new Finding(
              manifest.day(),
              Finding.Kind.OTHER_ROWS,
              "the table's transactions of the day are not those of the archive"));
    }
  }

  /**
   * What came back.
   *
   * @param transactions of the day that the table has now
   * @param restored of them, those that it had not
   * @param keptUntil when retention may take the day again
   */
  record Restored(LocalDate day, long transactions, long restored, Instant keptUntil) {}

  /** Brings a day's transactions back into the table; all of them, or none. */
  Restored restore(LocalDate day) {
    lock();
    live.requireNobodyHalfErased();
    ArchivedDay archived = archived(day);
    Totals totals = archived.manifest().table(ArchiveTable.TRANSACTIONS).totals();
    List<Path> files = archived.files(ArchiveTable.TRANSACTIONS, directory);
    Instant keptUntil = time.instant().plus(config.keepRestored());
    return withParquet(
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
    var here = new RowTotals(ArchiveTable.TRANSACTIONS);
    live.read(ArchiveTable.TRANSACTIONS, day, here::add);
    Totals inTable = here.totals();
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

  @Override
  public void close() {
    try (live;
        store;
        Warehouse _ = warehouse) {
      Parquet.remove(directory);
    }
  }
}
