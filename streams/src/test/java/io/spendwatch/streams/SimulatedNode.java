package io.spendwatch.streams;

import io.spendwatch.actors.PartitionActor;
import io.spendwatch.actors.PartitionCommand;
import io.spendwatch.streams.postgres.PgAccounts;
import io.spendwatch.streams.postgres.PgHistory;
import io.spendwatch.streams.simulation.Life;
import io.spendwatch.streams.simulation.Machine;
import io.spendwatch.streams.simulation.SimulatedConsumer;
import io.spendwatch.streams.simulation.SimulatedDatabase;
import io.spendwatch.streams.simulation.SimulatedProducer;
import io.spendwatch.streams.simulation.SimulatedPush;
import io.spendwatch.streams.simulation.SimulatedTime;
import io.spendwatch.streams.simulation.World;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Props;

/** One life of a node on a machine: the production pipelines and actors, in a simulated world. */
final class SimulatedNode {
  private static int actors;

  private final Machine machine;
  private final Life life = new Life();
  private final SimulatedDatabase database;
  private final PartitionActor.Dependencies dependencies;
  private final Map<Integer, ActorRef<PartitionCommand>> partitions = new HashMap<>();
  private final Pipelines pipelines;
  private boolean stopping;

  /**
   * Starts it.
   *
   * @param awakeUsersMax of each partition's actor
   * @param placement where the actor of a partition is, seen from this node
   */
  SimulatedNode(
      World world,
      Machine machine,
      StreamsConfig config,
      int awakeUsersMax,
      BiFunction<SimulatedNode, Integer, ActorRef<PartitionCommand>> placement) {
    this.machine = machine;
    this.database =
        new SimulatedDatabase(
            world.scheduler(),
            world.postgres(),
            world.weather(),
            world.postgresOutage(),
            machine.host(),
            life);
    String topic = config.kafka().topics().transactions();
    this.dependencies =
        new PartitionActor.Dependencies(
            topic, awakeUsersMax, new PgAccounts(database), new PgHistory(database));
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
                () ->
                    SimulatedProducer.create(
                        world.scheduler(),
                        world.kafka(),
                        world.weather(),
                        world.kafkaOutage(),
                        machine.host().name()),
                database,
                changes ->
                    world.register(
                        new SimulatedPush(
                            world.scheduler(),
                            world.postgresOutage(),
                            machine.host(),
                            life,
                            changes)),
                number -> placement.apply(this, number),
                _ -> {},
                new SimulatedTime(world.scheduler(), machine.host(), life, world::wallClock)));
  }

  /** The actor of a partition leaves this node. */
  void handOver(int number) {
    ActorRef<PartitionCommand> actor = partitions.remove(number);
    if (actor != null) {
      actor.tell(new PartitionCommand.Stop());
    }
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
    partitions.values().forEach(actor -> actor.tell(new PartitionCommand.Stop()));
  }

  /** As on SIGTERM: drains, leaves, is gone. */
  void stop() {
    stopping = true;
    var _ = pipelines.drainAndStop().whenComplete((_, _) -> kill());
  }

  /** The actor of a partition on this node; starts with an empty memory. */
  ActorRef<PartitionCommand> partition(int number) {
    return partitions.computeIfAbsent(
        number,
        _ ->
            machine
                .system()
                .systemActorOf(
                    PartitionActor.create(number, dependencies),
                    "partition-" + number + "-" + actors++,
                    Props.empty()));
  }
}
