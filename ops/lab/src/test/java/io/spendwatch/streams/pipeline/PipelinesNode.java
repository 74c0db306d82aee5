package io.spendwatch.streams.pipeline;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionDependencies;
import io.spendwatch.ops.metrics.Metrics;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.ledger.PgAccounts;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;

/** A node: its own actors, connections, consumer and producer. */
final class PipelinesNode {
  private final ActorTestKit kit;
  private final Metrics metrics;
  private final Database database;
  private final Database writes;
  private final UnreadableRows unreadable = new UnreadableRows();
  private final Pipelines pipelines;
  private boolean stopped;

  PipelinesNode(StreamsConfig config, InstantSource clock) {
    kit = ActorTestKit.create();
    metrics = new Metrics(clock);
    database = Database.open(config.postgres());
    writes = Database.open(config.writes());
    PartitionActors actors =
        new PartitionActors(
            kit.system(),
            new PartitionDependencies(
                config.kafka().topics().transactions(),
                10_000,
                1_000_000,
                500,
                10_000,
                10_000,
                8,
                1_000,
                0,
                new PgAccounts(database, unreadable),
                new PgHistory(database, unreadable)));
    pipelines =
        Pipelines.start(
            kit.system(),
            config,
            database,
            writes,
            unreadable,
            actors,
            metrics.pipelines(config.kafka().topics()),
            metrics.kafkaClients(),
            clock);
  }

  static StreamsConfig config(String settings) {
    return StreamsConfig.from(
        ConfigFactory.parseString(settings)
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
  }

  PipelinesStatus status() {
    return pipelines.status();
  }

  UnreadableRows unreadable() {
    return unreadable;
  }

  /** Drains, leaves the group and closes everything. */
  void stop() {
    if (stopped) {
      return;
    }
    stopped = true;
    try {
      var _ = pipelines.drainAndStop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      var _ = database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
      var _ = writes.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("the node did not stop", e);
    } finally {
      metrics.close();
      kit.shutdownTestKit();
    }
  }
}
