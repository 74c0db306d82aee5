package io.spendwatch.ops.node;

import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionDependencies;
import io.spendwatch.actors.ports.QuestionPorts;
import io.spendwatch.ops.config.ActorsConfig;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.ledger.GatheredAccounts;
import io.spendwatch.streams.ledger.PgAccounts;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;

/**
 * The partitions' actors of a node, with what they ask of PostgreSQL, and their address in the
 * cluster.
 */
record NodeActors(PartitionActors partitions, PartitionSharding sharding) {

  /** Reachable from now on; no partition has an actor yet. */
  static NodeActors start(Foundation on, UnreadableRows unreadable) {
    ActorsConfig config = on.configuration().actors();
    var partitions =
        new PartitionActors(
            on.system(),
            dependencies(on.configuration(), on.databases().shared(), unreadable),
            questions(on.configuration(), on.databases().questions(), unreadable));
    return new NodeActors(
        partitions,
        PartitionSharding.start(
            on.system(), partitions, config.allocationTimeout(), config.gatherInterval()));
  }

  private static PartitionDependencies dependencies(
      Configuration configuration, Database database, UnreadableRows unreadable) {
    ActorsConfig actors = configuration.actors();
    return new PartitionDependencies(
        configuration.streams().kafka().topics().transactions(),
        actors.awakeUsersMax(),
        MemoryShare.bytes(
            "spendwatch.actors.awake-memory-max",
            actors.awakeMemoryMax(),
            Runtime.getRuntime().maxMemory()),
        actors.restoreUsersMax(),
        actors.changedAccountsMax(),
        actors.watchedUsersMax(),
        actors.windowQueriesMax(),
        actors.balanceVersionsMax(),
        actors.clearGrace().toMillis(),
        new PgAccounts(database, unreadable),
        new PgHistory(database, unreadable));
  }

  private static QuestionPorts questions(
      Configuration configuration, Database database, UnreadableRows unreadable) {
    return new QuestionPorts(
        configuration.questions().partitionWaitingMax(),
        new GatheredAccounts(
            new PgAccounts(database, unreadable), configuration.questionsDatabase().poolSize()),
        new PgHistory(database, unreadable));
  }
}
