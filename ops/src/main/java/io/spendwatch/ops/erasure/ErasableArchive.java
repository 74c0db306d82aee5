package io.spendwatch.ops.erasure;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * The archive, as somebody is erased there. What does it is in an artifact of its own, and found on
 * the class path by its {@link Provider}. Every method blocks for as long as it takes, and throws
 * {@link OperatorException} where it cannot be done. For one thread.
 */
public interface ErasableArchive extends AutoCloseable {

  /**
   * What a day has, or had, of a user.
   *
   * @param rows of all tables; a dead letter is one
   */
  record DayRows(LocalDate day, long rows) {}

  /**
   * Keeps runs of the archive away until it is closed.
   *
   * @throws OperatorException also where the database's days are in another archive
   */
  void lock();

  /** The days that have rows of the user. Reads all of the archive. */
  List<DayRows> count(String userId);

  /**
   * Writes each file anew that has the user, with the pseudonym in place of the id and without the
   * user's dead letters, and removes the former ones. A day has one or the other, wherever it is
   * interrupted; done again, it goes on. What the database has noted of the days is noted anew: to
   * be called when its tables have the pseudonym.
   *
   * @return the days that were written anew
   */
  List<DayRows> erase(String userId, String pseudonym);

  @Override
  void close();

  /** Opens archives. */
  interface Provider {
    /**
     * Opens the one that the settings name, and the database.
     *
     * @throws OperatorException if they name none, or a server does not answer
     */
    ErasableArchive open(ArchiveConfig archive, PostgresAddress database);
  }

  /** The one on the class path; empty where the archive's artifact is not there. */
  static Optional<Provider> provider() {
    return ServiceLoader.load(Provider.class).findFirst();
  }
}
