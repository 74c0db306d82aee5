package io.spendwatch.ops.archive;

import io.spendwatch.ops.archive.ArchivedDay.DamagedException;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.base.Timekeeper;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * What there is to do with the archive. Blocks, for as long as it takes; for one thread. Throws
 * {@link OperatorException} where it cannot be done.
 */
final class Archive implements AutoCloseable {
  private final ArchiveConfig config;
  private final String uri;
  private final ArchiveStore store;
  private final LiveDays live;
  private final Optional<DayWriter.Letters> letters;
  private final Timekeeper time;
  private final Path directory;

  Archive(
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

  /**
   * Opens the archive that the settings name, and the database.
   *
   * @throws OperatorException if there is none, or the database does not answer
   */
  static Archive open(
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

  static ArchiveStore store(URI uri, Optional<URI> endpoint) {
    return "s3".equals(uri.getScheme()) ? new S3Store(uri, endpoint) : new FileStore(Path.of(uri));
  }

  /** What became of a day. */
  enum Result {
    /** It is in the archive now. */
    ARCHIVED,
    /** What had come since is in the archive now. */
    ADDED,
    /** There was nothing that the archive does not have; it was noted so. */
    NOTED,
    /** It is closed, and not archived yet. */
    WAITS
  }

  /**
   * What became of a day.
   *
   * @param added rows that the archive did not have, of all tables
   * @param bytes of its files
   * @param reason why it waits; null where it does not
   */
  record Outcome(
      LocalDate day,
      Result result,
      long transactions,
      long alerts,
      long added,
      long bytes,
      long tookMs,
      String reason) {}

  /**
   * Archives all closed days that are not in the archive as they are, the oldest first.
   *
   * @param needsAudit whether a day waits until an audit has found it clean
   * @param each told of each of them
   */
  void run(boolean needsAudit, Consumer<Outcome> each) {
    lock();
    settleUri();
    live.requireKnownColumns();
    Optional<Instant> closed = live.closedBefore(config.settled());
    if (closed.isEmpty()) {
      return;
    }
    for (LiveDays.Day day : live.days(closed.get())) {
      if (!day.isArchived() || !day.isSettled()) {
        each.accept(run(day, needsAudit));
      }
    }
  }

  private void lock() {
    if (!live.tryLock()) {
      throw new OperatorException(
          "another run of the archive is at work; try again when it is done");
    }
  }

  /** One database, one archive: a day must not be looked for in two places. */
  private void settleUri() {
    Optional<String> noted = live.archiveUri();
    if (noted.isEmpty()) {
      live.noteUri(uri);
    } else if (!noted.get().equals(uri)) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the database's days are in the archive at %s, not at %s: copy all of it there, and"
                  + " say so by UPDATE spendwatch.settings SET archive_uri = '…'",
              noted.get(),
              uri));
    }
  }

  private Outcome run(LiveDays.Day day, boolean needsAudit) {
    Optional<Long> audit = live.cleanAuditAfter(day.writtenAt().orElse(Instant.EPOCH));
    if (needsAudit && audit.isEmpty()) {
      return new Outcome(
          day.day(),
          Result.WAITS,
          day.transactions(),
          day.alerts(),
          0,
          0,
          0,
          "no audit has found it clean since its last transaction was written (`spendwatch audit`)");
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
    return store.list(Manifest.DIRECTORY).stream()
        .map(ArchiveStore.Entry::name)
        .filter(name -> name.matches(Manifest.DIRECTORY + "\\d{4}-\\d{2}-\\d{2}\\.json"))
        .map(
            name ->
                LocalDate.parse(
                    name.substring(Manifest.DIRECTORY.length(), Manifest.DIRECTORY.length() + 10)))
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
    withParquet(
        parquet -> {
          for (ArchiveTable table : ArchiveTable.values()) {
            verify(found.get(), table, parquet, findings);
          }
          return null;
        });
    if (findings.isEmpty() && noted.isPresent() && noted.get().droppedAt() == null) {
      compareWithTable(found.get().manifest(), findings);
    }
    return findings;
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
    try {
      live.close();
    } finally {
      store.close();
      Parquet.remove(directory);
    }
  }
}
