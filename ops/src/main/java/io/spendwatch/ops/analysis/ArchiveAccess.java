package io.spendwatch.ops.analysis;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.storage.archive.ArchiveConfig;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.util.Optional;
import java.util.function.Function;

/** Days that have left, as far as this process can read them. For any thread. */
public sealed interface ArchiveAccess extends AutoCloseable {
  /** By this. */
  record Opened(ArchiveReader reader) implements ArchiveAccess {
    @Override
    public void close() {
      reader.close();
    }
  }

  /** Not at all, for a reason for people. */
  record Absent(String reason) implements ArchiveAccess {
    @Override
    public void close() {
      // There is nothing.
    }
  }

  /**
   * What there is: a reader, where its artifact is on the class path and the settings name an
   * archive.
   *
   * @param limits of what an answer may have
   * @param role whose privileges it reads the database with; empty for those of the user
   */
  static ArchiveAccess find(
      ArchiveConfig archive, AnalysisConfig limits, PostgresAddress database, String role) {
    Optional<ArchiveReader.Provider> provider = ArchiveReader.provider();
    if (provider.isEmpty()) {
      return new Absent(
          "what reads it is not here, but on the class path of the checkout's `./spendwatch query`"
              + " and `./spendwatch explain`");
    }
    try {
      return new Opened(provider.get().open(archive, limits, database, role));
    } catch (OperatorException e) {
      return new Absent(e.getMessage());
    }
  }

  /** What its reader says, or an exception with the reason why there is none. */
  default <T> T with(Function<ArchiveReader, T> question) {
    return switch (this) {
      case Opened(ArchiveReader reader) -> {
        // The engine's memory is bounded for one.
        synchronized (reader) {
          yield question.apply(reader);
        }
      }
      case Absent(String reason) -> throw new OperatorException(reason);
    };
  }

  @Override
  void close();
}
