package io.spendwatch.ops.analysis;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.time.LocalDate;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletionStage;

/**
 * Reads days that have left for the archive, beside what is in the tables. What does it is in an
 * artifact of its own, with the engine for it, and found on the class path by its {@link Provider};
 * a node has none there. Every method blocks for as long as it takes, and throws {@link
 * OperatorException} where it cannot be done, saying why. For one thread.
 */
public interface ArchiveReader extends AutoCloseable {

  /**
   * Which of these days a query reads transactions of, as far as its conditions say: all that it
   * needs, and maybe others.
   *
   * @param sql one query
   * @param relations of ours that it names, without their schema
   */
  SortedSet<LocalDate> needed(String sql, Set<String> relations, SortedSet<LocalDate> days);

  /**
   * Answers a query of transactions that are partly in the archive, partly in the tables: each row
   * once, of one moment.
   *
   * @param sql one query
   * @param relations of ours that it names, without their schema
   * @param because why it is answered here
   * @param unwanted completes when nobody wants the answer any more: it ends then
   */
  AnalysisAnswer answer(
      String sql, Set<String> relations, String because, CompletionStage<?> unwanted);

  /**
   * A user's transactions on days that have left the table, as a JSON array of objects by the names
   * of the table's columns.
   *
   * @param from the first day
   * @param to the last day
   */
  String transactions(String userId, LocalDate from, LocalDate to);

  @Override
  void close();

  /** Opens readers. */
  interface Provider {
    /**
     * Opens one; connects when it is asked something.
     *
     * @param limits of what an answer may have, and of how long the database may be read for it
     * @param role whose privileges it reads the database with; empty for those of the user
     * @throws OperatorException if the settings name no archive
     */
    ArchiveReader open(
        ArchiveConfig archive, AnalysisConfig limits, PostgresAddress database, String role);
  }

  /** The one on the class path; empty where the archive's artifact is not there. */
  static Optional<Provider> provider() {
    return ServiceLoader.load(Provider.class).findFirst();
  }
}
