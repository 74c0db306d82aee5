package io.spendwatch.ops.node;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.streams.database.Database;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A node's connections: a pool for each kind of work, so that none can take those of another. They
 * are connected to when they are first used. Thread-safe.
 *
 * @param shared by the pipelines' reads and whatever has no pool of its own
 * @param writes of the ledger
 * @param owners may drop partitions and rows; empty where nothing is ever dropped
 * @param replica empty where there is none
 */
record NodeDatabases(
    Database shared,
    Database writes,
    Database analytics,
    Database auditing,
    Database questions,
    Database rollups,
    Optional<Database> owners,
    Optional<Database> replica) {

  static NodeDatabases open(Configuration configuration) {
    return new NodeDatabases(
        Database.open(configuration.streams().postgres()),
        Database.open(configuration.streams().writes()),
        Database.open(configuration.analytics()),
        Database.open(configuration.auditDatabase()),
        Database.open(configuration.questionsDatabase()),
        Database.open(configuration.rollups().postgres()),
        drops(configuration)
            ? Optional.of(Database.open(configuration.partitions().postgres()))
            : Optional.empty(),
        configuration.replica().map(Database::open));
  }

  private static boolean drops(Configuration configuration) {
    return configuration.partitions().retention().isPresent()
        || !configuration.retention().kept().isEmpty();
  }

  List<Database> all() {
    return Stream.of(
            Stream.of(shared, writes, analytics, auditing, questions, rollups),
            owners.stream(),
            replica.stream())
        .flatMap(some -> some)
        .toList();
  }

  /** Closes all of them, without waiting for it. */
  void close() {
    all().forEach(Database::close);
  }
}
