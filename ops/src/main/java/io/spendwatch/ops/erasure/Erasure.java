package io.spendwatch.ops.erasure;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.erasure.ErasableArchive.DayRows;
import io.spendwatch.ops.erasure.ErasureReport.TableRows;
import io.spendwatch.ops.erasure.ErasureReport.Topic;
import io.spendwatch.ops.erasure.UserTables.Partition;
import io.spendwatch.ops.erasure.UserTables.Unfinished;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Erases one user: the id gives way to a pseudonym that nobody can lead back to it.
 *
 * <pre>
 *   keep    audits and runs of the archive away, as long as it takes
 *   begin   the database notes which pseudonym it is to be
 *   live    what nodes go by is renamed in one step, and they are told: from here on a record of
 *           that id is of a new customer
 *   older   the rest of the tables, a partition at a time; what audits have found
 *   ended   a tombstone in the topic of balances
 *   archive each file that has the user is written anew
 *   end     the database forgets whose pseudonym it is
 * </pre>
 *
 * Whoever is interrupted between two of them begins again, and goes on with the same pseudonym.
 * Blocks for as long as it takes; for one thread. Throws {@link OperatorException} where it cannot
 * be done.
 */
public final class Erasure {
  /**
   * A row that is so old is durable, published and added up; its record is not read again unless
   * somebody asks for that.
   */
  private static final Duration SETTLED = Duration.ofSeconds(10);

  private static final Duration WAIT_MAX = Duration.ofSeconds(60);
  private static final Duration PAUSE = Duration.ofMillis(200);

  /** Nodes hear of it within moments, and forget the user between two batches. */
  private static final Duration HEARD = Duration.ofSeconds(1);

  private final PostgresAddress database;
  private final Partitioner partitioner;
  private final UserTopics topics;
  private final ArchiveConfig archiveConfig;
  private final Optional<ErasableArchive.Provider> provider;
  private final InstantSource clock;

  /**
   * @param provider opens the archive; empty where there is none that could
   */
  public Erasure(
      PostgresAddress database,
      KafkaConfig kafka,
      ArchiveConfig archiveConfig,
      Optional<ErasableArchive.Provider> provider,
      InstantSource clock) {
    this.database = database;
    this.partitioner = kafka.partitioner();
    this.topics = new UserTopics(kafka);
    this.archiveConfig = archiveConfig;
    this.provider = provider;
    this.clock = clock;
  }

  /** An archive, or why there is none. */
  private record Archive(Optional<ErasableArchive> opened, String absent) implements AutoCloseable {
    @Override
    public void close() {
      opened.ifPresent(ErasableArchive::close);
    }

    List<DayRows> count(String userId) {
      return opened.map(archive -> archive.count(userId)).orElse(List.of());
    }
  }

  /** What there is of a user. Changes nothing. */
  public ErasureReport rehearse(String userId) {
    try (UserTables tables = UserTables.open(database);
        Archive archive = open(tables)) {
      return new ErasureReport(
          false,
          all(tables, userId, tables.partitions(userId)),
          archive.count(userId),
          archive.absent(),
          false,
          topics.kept(clock.instant()),
          0,
          outOfReach());
    }
  }

  /**
   * Does it. What there is of nobody stays as it is.
   *
   * @throws OperatorException also where the user's transactions are still coming, an audit is at
   *     work, or the archive that the database knows cannot be reached: nothing is changed then
   */
  public ErasureReport erase(String userId) {
    // Before anything else, so that Kafka answers.
    List<Topic> kept = topics.kept(clock.instant());
    try (UserTables tables = UserTables.open(database);
        Archive archive = open(tables)) {
      if (archive.opened().isEmpty() && tables.archiveUri().isPresent()) {
        throw new OperatorException(
            "nothing was changed: the archive at "
                + tables.archiveUri().get()
                + " has days of this database, and is not at hand here: "
                + archive.absent());
      }
      archive.opened().ifPresent(ErasableArchive::lock);
      await(
          tables::tryLockAudits,
          "an audit, or another erasure, is at work: try again when it has ended");
      Optional<Unfinished> unfinished = tables.unfinished(userId);
      List<TableRows> found = all(tables, userId, tables.partitions(userId));
      if (unfinished.isEmpty() && found.isEmpty() && archive.count(userId).isEmpty()) {
        return report(kept, List.of(), List.of(), archive.absent(), false, 0);
      }
      String pseudonym =
          unfinished.map(Unfinished::pseudonym).orElseGet(() -> begin(tables, userId));
      if (!unfinished.map(Unfinished::isLive).orElse(false)) {
        renameLive(tables, userId, pseudonym);
      }
      tables.tell(userId, pseudonym);
      for (Partition partition : tables.partitions(userId)) {
        tables.rename(userId, pseudonym, partition);
      }
      tables.renameFindings(userId, pseudonym);
      topics.endBalances(userId);
      List<DayRows> days =
          archive.opened().map(opened -> opened.erase(userId, pseudonym)).orElse(List.of());
      pause(HEARD);
      tables.end(pseudonym);
      long left =
          all(tables, userId, tables.partitions(userId)).stream().mapToLong(TableRows::rows).sum();
      return report(kept, found, days, archive.absent(), true, left);
    }
  }

  private static ErasureReport report(
      List<Topic> kept,
      List<TableRows> found,
      List<DayRows> days,
      String absent,
      boolean tombstone,
      long left) {
    return new ErasureReport(true, found, days, absent, tombstone, kept, left, outOfReach());
  }

  private Archive open(UserTables tables) {
    if (archiveConfig.uri().isEmpty()) {
      return new Archive(
          Optional.empty(),
          tables.archiveUri().isPresent()
              ? "set SPENDWATCH_ARCHIVE_URI to it"
              : "there is none (SPENDWATCH_ARCHIVE_URI is not set, and the database knows of none)");
    }
    return provider
        .map(
            opener -> new Archive(Optional.of(opener.open(archiveConfig, database)), (String) null))
        .orElseGet(
            () ->
                new Archive(
                    Optional.empty(),
                    "what writes it is not here, but on the class path of the checkout's"
                        + " `./spendwatch erase`"));
  }

  private String begin(UserTables tables, String userId) {
    if (!tables.isChainWhole()) {
      throw new OperatorException(
          "nothing was changed: what audits have said was changed by somebody (finding"
              + " CHANGED_RUN), and what is made anew would hide it: SELECT * FROM"
              + " spendwatch.broken_runs()");
    }
    requireSettled(tables, userId);
    Set<Integer> counts = tables.partitionCounts();
    String pseudonym = Pseudonyms.draw(userId, partitioner, counts);
    tables.begin(userId, pseudonym);
    return pseudonym;
  }

  private void renameLive(UserTables tables, String userId, String pseudonym) {
    tables.renameLive(userId, pseudonym, requireSettled(tables, userId));
  }

  /** The user's partitions, once all of their rows are added up; none of them may be new. */
  private static List<Partition> requireSettled(UserTables tables, String userId) {
    if (tables.partitions(userId).stream()
        .anyMatch(partition -> partition.lastCameMs() < SETTLED.toMillis())) {
      throw new OperatorException(
          "nothing was changed: a transaction of the user came within the last "
              + SETTLED.toSeconds()
              + " s; end the relation where they come from, then try again");
    }
    await(
        () ->
            tables.hindrance().isEmpty()
                && tables.partitions(userId).stream().noneMatch(Partition::isPending),
        "the roll-ups are not up to date with the user's transactions, which a node sees to (`status`"
            + " says how far they are): try again when they are");
    return tables.partitions(userId);
  }

  private static List<TableRows> all(UserTables tables, String userId, List<Partition> partitions) {
    List<TableRows> all = new ArrayList<>();
    long transactions = partitions.stream().mapToLong(Partition::rows).sum();
    if (transactions > 0) {
      all.add(new TableRows("transactions", transactions));
    }
    all.addAll(tables.rows(userId));
    return all;
  }

  private static List<String> outOfReach() {
    return List.of(
        "records in the topics, until their retention has passed; who has them read again (`rewind`,"
            + " a new group) brings the user back: run this again then",
        "backups and archived WAL of PostgreSQL, and what VACUUM has not cleared yet; replicas follow"
            + " by themselves",
        "former versions of the archive's files, where the store keeps them",
        "a warehouse that the archive is loaded into, until a round has loaded these days again"
            + " (`archive run`)",
        "what subscribers of the alerts have made of them, and their logs and ours",
        "ids of transactions, which the system that made them may still know");
  }

  private static void await(BooleanSupplier condition, String otherwise) {
    long begunNanos = System.nanoTime();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - begunNanos > WAIT_MAX.toNanos()) {
        throw new OperatorException("nothing was changed: " + otherwise);
      }
      pause(PAUSE);
    }
  }

  private static void pause(Duration time) {
    LockSupport.parkNanos(time.toNanos());
    if (Thread.currentThread().isInterrupted()) {
      throw new OperatorException("interrupted");
    }
  }
}
