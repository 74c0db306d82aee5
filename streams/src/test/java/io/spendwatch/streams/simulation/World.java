package io.spendwatch.streams.simulation;

import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.ledger.SimulatedPostgres;
import io.spendwatch.streams.simulation.kafka.SimulatedKafka;
import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import io.spendwatch.streams.simulation.scheduler.Trace;
import io.spendwatch.streams.simulation.scheduler.Weather;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** What the nodes share: time, Kafka, PostgreSQL, and the weather between them. */
public final class World {
  /** The wall clock when a world begins. */
  private static final Instant START = Instant.parse("2024-07-20T00:00:00Z");

  private final Scheduler scheduler;
  private final SimulatedKafka kafka;
  private final SimulatedPostgres postgres;
  private final Weather weather;
  private final Outage kafkaOutage = new Outage();
  private final Outage postgresOutage = new Outage();
  private final List<SimulatedPush> pushes = new ArrayList<>();
  private Duration stepped = Duration.ZERO;

  public World(Random random, Trace trace, List<Machine> machines, Topics topics, int partitions) {
    this.scheduler = new Scheduler(random, trace);
    machines.forEach(machine -> scheduler.add(machine.host()));
    this.kafka =
        new SimulatedKafka(scheduler, topics.transactions(), partitions, topics.balances());
    this.postgres = new SimulatedPostgres(() -> wallClock().toEpochMilli(), this::announce);
    this.weather = new Weather(scheduler, random);
  }

  public Scheduler scheduler() {
    return scheduler;
  }

  public SimulatedKafka kafka() {
    return kafka;
  }

  public SimulatedPostgres postgres() {
    return postgres;
  }

  public Weather weather() {
    return weather;
  }

  public Outage kafkaOutage() {
    return kafkaOutage;
  }

  public Outage postgresOutage() {
    return postgresOutage;
  }

  public Instant wallClock() {
    return START.plus(stepped).plusNanos(scheduler.nanoTime());
  }

  /** The wall clock leaps, while everything else takes its time. */
  public void stepWallClock(Duration by) {
    stepped = stepped.plus(by);
  }

  public SimulatedPush register(SimulatedPush push) {
    pushes.add(push);
    return push;
  }

  /** The connection of some node's push channel dies without a word. */
  public void cutAPush() {
    if (!pushes.isEmpty()) {
      pushes.get(scheduler.random().nextInt(pushes.size())).die();
    }
  }

  /** All faults of connections are over. */
  public void calmDown() {
    weather.calmDown();
  }

  /** Runs what the processes, all killed, have left; then lets their machines go. */
  public void shutDown() {
    scheduler.shutDown(Duration.ofMinutes(2));
  }

  /** As when the server goes. */
  public void cutAllPushes() {
    pushes.forEach(SimulatedPush::die);
  }

  private void announce(Set<String> userIds) {
    pushes.forEach(push -> push.announce(userIds));
  }
}
