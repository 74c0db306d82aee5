package io.spendwatch.ops.rounds;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Copies days to the archive. What does it is in an artifact of its own, with the engine for it,
 * and found on the class path by its {@link Provider}; a node has none there unless it is told to.
 * Every method blocks for as long as it takes, and throws {@link OperatorException} where it cannot
 * be done, saying why. For one thread.
 */
public interface ArchiveWriter extends AutoCloseable {

  /**
   * A day.
   *
   * @param writtenAt when its last transaction became durable; empty without any
   * @param isArchived whether the archive has it
   * @param isSettled whether it has as many rows as when it was last compared with the archive
   * @param wasDropped whether its transactions have left the table
   */
  record Day(
      LocalDate day,
      long transactions,
      long alerts,
      long versions,
      Optional<Instant> writtenAt,
      boolean isArchived,
      boolean isSettled,
      boolean wasDropped) {}

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
      String reason) {

    /** One that no audit has found clean. */
    public static Outcome waiting(Day day) {
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
  }

  /**
   * Keeps everybody else from writing to the archive until this is closed. To be called first,
   * once.
   *
   * @return false where somebody else does
   */
  boolean begin();

  /** The closed days that are not in the archive as they are, the oldest first. */
  List<Day> due();

  /** Whether an audit has found clean what the day has, and no finding is open. */
  boolean isAudited(Day day);

  /**
   * Copies a day, or what has come for it since, and compares it with the tables: all of it counts
   * then, or nothing.
   *
   * @param needsAudit whether it waits until an audit has found it clean
   */
  Outcome export(Day day, boolean needsAudit);

  /** The days that are there otherwise than when all of their files were last read, in order. */
  List<LocalDate> unverified();

  /**
   * Reads all files of a day, as the archive gives them, and compares them with its manifest; notes
   * it where nothing is wrong.
   *
   * @return what is wrong, for people
   */
  List<String> verifyFiles(LocalDate day);

  /** Lets others write to the archive again. */
  void release();

  /**
   * A day that a warehouse has as the archive has it now.
   *
   * @param revision of the day's manifest
   * @param written rows that the warehouse did not have, or otherwise
   * @param removed rows of which the archive has no longer any
   */
  record Load(LocalDate day, int revision, long written, long removed, long tookMs) {}

  /** Whether the settings name a warehouse. */
  boolean hasWarehouse();

  /**
   * The days that the warehouse does not have as the archive has them, the oldest first: of those
   * whose files were verified as they are.
   */
  List<LocalDate> unloaded();

  /**
   * Brings a day to the warehouse: all of it is there then, or what was there before. Of two that
   * do it at once, one waits for the other. {@link #begin} need not have been called.
   */
  Load load(LocalDate day);

  @Override
  void close();

  /** Opens writers. */
  interface Provider {
    /**
     * Opens one, and connects.
     *
     * @param kafka where dead letters are read from; empty: days are copied without
     * @throws OperatorException if the settings name no archive, or a server does not answer
     */
    ArchiveWriter open(
        ArchiveConfig archive,
        PostgresAddress database,
        Optional<KafkaConfig> kafka,
        Timekeeper time);
  }

  /** The one on the class path; empty where the archive's artifact is not there. */
  static Optional<Provider> provider() {
    return ServiceLoader.load(Provider.class).findFirst();
  }
}
