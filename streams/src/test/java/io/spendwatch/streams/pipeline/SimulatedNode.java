package io.spendwatch.streams.pipeline;

import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionCommand;
import io.spendwatch.actors.partition.PartitionDependencies;
import io.spendwatch.streams.kafka.TransactionsTopic;
import io.spendwatch.streams.ledger.PgAccounts;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.life.CountedMetrics;
import io.spendwatch.streams.simulation.Machine;
import io.spendwatch.streams.simulation.SimulatedDatabase;
import io.spendwatch.streams.simulation.SimulatedPush;
import io.spendwatch.streams.simulation.World;
import io.spendwatch.streams.simulation.kafka.SimulatedAdmin;
import io.spendwatch.streams.simulation.kafka.SimulatedConsumer;
import io.spendwatch.streams.simulation.kafka.SimulatedProducer;
import io.spendwatch.streams.simulation.scheduler.Life;
import io.spendwatch.streams.simulation.scheduler.SimulatedTime;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** One life of a node on a machine: the production pipelines and actors, in a simulated world. */
final class SimulatedNode {
  private final Machine machine;
  private final Life life = new Life();
  private final SimulatedDatabase database;
  private final PartitionActors actors;
  private final Pipelines pipelines;
  private boolean stopping;

  /**
   * Starts it.
   *
   * @param awakeUsersMax of its partition actors together
   * @param restoreUsersMax of each of them
   * @param watchedUsersMax of each of them
   * @param versionsMax of each user's balance in memory
   */
  SimulatedNode(
      World world,
      Machine machine,
      StreamsConfig config,
      int awakeUsersMax,
      int restoreUsersMax,
      int watchedUsersMax,
      int versionsMax) {
    this.machine = machine;
    this.database =
        new SimulatedDatabase(
            world.scheduler(),
            world.postgres(),
            world.weather(),
            world.postgresOutage(),
            machine.host(),
            life);
    var unreadable = new UnreadableRows();
    this.actors =
        new PartitionActors(
            machine.system(),
            new PartitionDependencies(
                config.kafka().topics().transactions(),
                awakeUsersMax,
                Long.MAX_VALUE,
                restoreUsersMax,
                10_000,
                watchedUsersMax,
                8,
                versionsMax,
                0,
                new PgAccounts(database, unreadable),
                new PgHistory(database, unreadable)));
    SimulatedAdmin admin =
        new SimulatedAdmin(
            world.scheduler(),
            world.kafka(),
            world.weather(),
            world.kafkaOutage(),
            machine.host(),
            life);
    this.pipelines =
        Pipelines.start(
            config,
            new Pipelines.Outside(
                machine.system(),
                () ->
                    SimulatedConsumer.create(
                        world.scheduler(),
                        world.kafka(),
                        world.weather(),
                        world.kafkaOutage(),
                        machine.host(),
                        life),
                number ->
                    SimulatedProducer.create(
                        world.scheduler(),
                        world.kafka(),
                        world.weather(),
                        world.kafkaOutage(),
                        machine.host().name() + "/" + number),
                database,
                database,
                unreadable,
                changes ->
                    world.register(
                        new SimulatedPush(
                            world.scheduler(),
                            world.postgresOutage(),
                            machine.host(),
                            life,
                            changes)),
                admin::endHangingTransactions,
                topic(admin, config.kafka().topics().transactions()),
                admin::topicIds,
                actors,
                new CountedMetrics(),
                new SimulatedTime(world.scheduler(), machine.host(), life, world::wallClock)));
  }

  private static TransactionsTopic topic(SimulatedAdmin admin, String name) {
    return new TransactionsTopic() {
      @Override
      public CompletionStage<Integer> partitions() {
        return admin.partitions(name);
      }

      @Override
      public CompletionStage<List<Long>> ends(int partitions) {
        return admin.ends(name, partitions);
      }

      @Override
      public void close() {
        // Nothing is held.
      }
    };
  }

  Machine machine() {
    return machine;
  }

  boolean isAlive() {
    return life.isAlive();
  }

  boolean isStopping() {
    return stopping;
  }

  PipelinesStatus status() {
    return pipelines.status();
  }

  /** At once, whatever is in flight. */
  void kill() {
    life.kill();
    actors.forEach(actor -> actor.tell(new PartitionCommand.Stop()));
  }

  /** As on SIGTERM: drains, leaves, is gone. */
  void stop() {
    stopping = true;
    var _ = pipelines.drainAndStop().whenComplete((_, _) -> kill());
  }
}
