package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.ledger.SimulatedPipelines;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.simulation.GrownVerdict;
import io.spendwatch.streams.simulation.Machine;
import io.spendwatch.streams.simulation.Verdict;
import io.spendwatch.streams.simulation.Workload;
import io.spendwatch.streams.simulation.World;
import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import io.spendwatch.streams.simulation.scheduler.Trace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * One seed: nodes come, go, die and freeze, Kafka and PostgreSQL fail, while records arrive; then
 * all faults end, and what is in the tables and in the alert topic must be what {@link Expected}
 * says.
 */
final class Simulation {
  private static final Duration TROUBLE = Duration.ofSeconds(10);
  private static final Duration RECOVERY = Duration.ofSeconds(90);
  private static final Duration CHECK = Duration.ofMillis(250);
  private static final int QUIET_CHECKS = 5;
  private static final int USERS_MAX = 6;

  /** For so long a producer may not have heard of new partitions. */
  private static final Duration METADATA_AGE = Duration.ofSeconds(4);

  /** Until everybody has heard of a changed balance, or has noticed that the partition is idle. */
  private static final int IDLE_CHECKS = 20;

  private static final Map<String, StreamsConfig> CONFIGS = new ConcurrentHashMap<>();

  private final Random random;

  /** Of what came later: a seed keeps what it meant before. */
  private final Random more;

  private final Trace trace;
  private final List<Machine> machines;
  private final int partitions;

  /** How many the topic will have; the same where it does not grow. */
  private final int grownTo;

  private boolean isGrown;

  /** From when on a producer knows, by user. */
  private final Map<String, Long> knownToNanos = new HashMap<>();

  private final Workload workload;
  private final World world;
  private final StreamsConfig[] configs;
  private final int awakeUsersMax;

  private final int restoreUsersMax;
  private final int watchedUsersMax;
  private final int versionsMax;

  /** Whether the world goes on for a day after the last record. */
  private final boolean idled;

  private final List<SimulatedNode> nodes = new ArrayList<>();
  private final Map<Integer, List<Workload.Sent>> sent = new HashMap<>();
  private int quietChecks;

  /**
   * @param machines at rest; used by this simulation alone until it is over
   */
  Simulation(long seed, List<Machine> machines, boolean verbose) {
    this.random = new Random(seed);
    this.more = new Random(~seed);
    this.trace = new Trace(verbose);
    this.machines = machines;
    this.partitions = 1 + random.nextInt(3);
    this.grownTo = random.nextInt(4) == 0 ? partitions + 1 + random.nextInt(4) : partitions;
    this.workload = new Workload(random, partitions, grownTo);
    this.configs = new StreamsConfig[machines.size()];
    int batchRowsMax = List.of(1, 3, 20, 500).get(random.nextInt(4));
    for (int i = 0; i < configs.length; i++) {
      int node = i;
      configs[i] = CONFIGS.computeIfAbsent(i + "/" + batchRowsMax, _ -> config(node, batchRowsMax));
    }
    this.awakeUsersMax = random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 1000;
    this.restoreUsersMax = random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 1000;
    this.watchedUsersMax = Math.floorMod(seed, 3) == 0 ? 2 + Math.floorMod(seed / 3, 4) : 1000;
    this.versionsMax = random.nextInt(4) == 0 ? 1 : 1000;
    this.idled = random.nextInt(5) == 0 && workload.changes().isEmpty();
    this.world = new World(random, trace, machines, topics(), partitions);
  }

  private static StreamsConfig config(int node, int batchRowsMax) {
    return StreamsConfig.from(
        ConfigFactory.parseString(
                """
                spendwatch {
                  node-id = "machine-%d"
                  pipeline {
                    poll-interval-min = 4 ms
                    batch-rows-max = %d
                    write-rows-max = 20
                    publishers = 2
                    ahead-patience = 300 ms
                    tick = 500 ms
                    idle-after = 1 h
                    ask-timeout = 2 s
                    end-offset-interval = 2 s
                    offset-commit-interval = 100 ms
                    drain-timeout = 1 s
                    topic-check-interval = 500 ms
                    retry { min = 50 ms, max = 1 s }
                  }
                }
                """
                    .formatted(node, batchRowsMax))
            .withFallback(ConfigFactory.defaultReference())
            .resolve());
  }

  Trace trace() {
    return trace;
  }

  /**
   * Runs it to its end.
   *
   * @throws AssertionError saying what differs
   */
  void run() {
    try {
      for (Workload.Change known : workload.balances()) {
        world
            .postgres()
            .putAccount(known.userId(), known.currency(), known.balanceMinor(), known.asOfMs());
      }
      workload.poison().forEach(world.postgres()::refuse);
      if (grownTo > partitions) {
        // As the command that makes the topic does.
        world.postgres().adoptLayout(partitions);
      }
      sendRecords();
      planChanges();
      planGrowth();
      int first = 1 + random.nextInt(machines.size());
      for (int i = 0; i < first; i++) {
        start(machines.get(i));
      }
      planTrouble();
      planLosses();
      planMissingTopic();
      world.scheduler().after(TROUBLE, this::endTrouble);
      try {
        world.scheduler().run(() -> quietChecks > QUIET_CHECKS, TROUBLE.plus(RECOVERY));
        if (idled) {
          world.stepWallClock(Duration.ofHours(25));
          quietChecks = -IDLE_CHECKS;
          world.scheduler().run(() -> quietChecks > QUIET_CHECKS, RECOVERY);
        }
      } catch (Scheduler.Stuck e) {
        throw new AssertionError(e.getMessage() + "\n" + describe(), e);
      }
      List<String> differences =
          isGrown
              ? new GrownVerdict(world, topics(), workload, partitions, grownTo).differences(idled)
              : new Verdict(world, topics(), workload, sent).differences(idled);
      if (!differences.isEmpty()) {
        throw new AssertionError(String.join("\n", differences));
      }
    } finally {
      trace.end();
      nodes.forEach(SimulatedNode::kill);
      world.shutDown();
    }
  }

  private String describe() {
    StringBuilder text = new StringBuilder(world.kafka().describe());
    for (SimulatedNode node : nodes) {
      if (node.isAlive()) {
        text.append("\n").append(node.machine().host().name()).append(" ").append(node.status());
      }
    }
    return text.toString();
  }

  private void sendRecords() {
    boolean atOnce = random.nextInt(4) == 0;
    long atNanos = 0;
    long stepNanos = TROUBLE.toNanos() / workload.records().size();
    for (Workload.Sent record : workload.records()) {
      if (!atOnce) {
        atNanos += random.nextLong(2 * stepNanos) * 8 / 10;
      }
      world.scheduler().after(Duration.ofNanos(atNanos), () -> send(record));
    }
  }

  private void planGrowth() {
    if (grownTo > partitions) {
      long atNanos = random.nextLong(TROUBLE.toNanos());
      boolean allKnow = random.nextBoolean();
      for (int user = 0; user < USERS_MAX; user++) {
        knownToNanos.put(
            "u" + user, atNanos + (allKnow ? 0 : random.nextLong(METADATA_AGE.toNanos())));
      }
      world
          .scheduler()
          .after(
              Duration.ofNanos(atNanos),
              () -> {
                trace.happened("topic grown");
                isGrown = true;
                world.kafka().grow(grownTo);
              });
    }
  }

  /** By what the producer knows of the topic at this moment. */
  private int partitionOf(Workload.Sent record) {
    boolean isStray = record.reason() == DeadLetterReason.WRONG_PARTITION;
    boolean isKnown = isGrown && world.scheduler().nanoTime() >= knownToNanos.get(record.key());
    return isKnown && !isStray
        ? Partitioner.MURMUR2.partitionOf(record.key(), grownTo)
        : record.partition();
  }

  private void send(Workload.Sent record) {
    int partition = partitionOf(record);
    sent.computeIfAbsent(partition, _ -> new ArrayList<>()).add(record);
    world
        .kafka()
        .append(
            transactions(partition), record.key().getBytes(UTF_8), record.value().getBytes(UTF_8));
  }

  private void planChanges() {
    for (Workload.Change change : workload.changes()) {
      world
          .scheduler()
          .after(Duration.ofNanos(random.nextLong(TROUBLE.toNanos())), () -> change(change));
    }
  }

  private void change(Workload.Change change) {
    trace.happened("account changed", change::toString);
    if (change.byTopic() && change.balanceMinor() != null) {
      Balance balance =
          new Balance(
              change.userId(), null, change.balanceMinor(), change.currency(), change.asOfMs());
      world
          .kafka()
          .append(
              new TopicPartition(topics().balances(), 0),
              change.userId().getBytes(UTF_8),
              BalanceCodec.encode(balance));
    } else if (world.postgresOutage().isOn()) {
      world.scheduler().after(CHECK, () -> change(change));
    } else if (change.balanceMinor() == null) {
      world.postgres().removeAccount(change.userId(), change.asOfMs());
    } else {
      world
          .postgres()
          .putAccount(change.userId(), change.currency(), change.balanceMinor(), change.asOfMs());
    }
  }

  private Topics topics() {
    return configs[0].kafka().topics();
  }

  private TopicPartition transactions(int partition) {
    return new TopicPartition(topics().transactions(), partition);
  }

  private void start(Machine machine) {
    boolean occupied =
        nodes.stream().anyMatch(node -> node.isAlive() && node.machine().equals(machine));
    if (!occupied) {
      trace.say(() -> machine.host().name() + " starts a node");
      nodes.add(
          new SimulatedNode(
              world,
              machine,
              configs[machines.indexOf(machine)],
              awakeUsersMax,
              restoreUsersMax,
              watchedUsersMax,
              versionsMax));
    }
  }

  private void planTrouble() {
    int faults = random.nextInt(7);
    for (int i = 0; i < faults; i++) {
      Runnable fault = fault(random.nextInt(12));
      world.scheduler().after(Duration.ofNanos(random.nextLong(TROUBLE.toNanos())), fault);
    }
  }

  /** Records go, and offsets, while nodes are down or slow. */
  private void planLosses() {
    if (more.nextInt(5) != 0 || grownTo > partitions) {
      // After a growth, what has arrived is told from the rows, and what is lost is not among them.
      return;
    }
    for (int i = 1 + more.nextInt(3); i > 0; i--) {
      boolean whileDown = more.nextBoolean();
      boolean offsetsToo = more.nextInt(3) == 0;
      TopicPartition source = transactions(more.nextInt(partitions));
      Duration down = Duration.ofMillis(200 + more.nextInt(4000));
      world
          .scheduler()
          .after(
              Duration.ofNanos(more.nextLong(TROUBLE.toNanos())),
              () -> {
                if (whileDown) {
                  nodes.stream()
                      .filter(node -> node.isAlive() && !node.isStopping())
                      .toList()
                      .forEach(node -> replace(node, down, SimulatedNode::kill));
                }
                world
                    .scheduler()
                    .after(down.dividedBy(2), () -> expire(source, offsetsToo && whileDown));
              });
    }
  }

  /** A topic that is published to goes for a while. */
  private void planMissingTopic() {
    if (more.nextInt(6) != 0) {
      return;
    }
    String topic = more.nextInt(3) == 0 ? topics().transactionsDeadLetters() : topics().alerts();
    long fromNanos = more.nextLong(TROUBLE.toNanos());
    long lastsNanos = more.nextLong(TROUBLE.toNanos());
    world
        .scheduler()
        .after(
            Duration.ofNanos(fromNanos),
            () -> {
              trace.happened("topic missing", () -> topic);
              world.kafka().remove(topic);
            });
    world
        .scheduler()
        .after(Duration.ofNanos(fromNanos + lastsNanos), () -> world.kafka().putBack(topic));
  }

  /** Retention, which may pass what has been read. */
  private void expire(TopicPartition source, boolean offsetsToo) {
    SimulatedPipelines.Pipeline known = world.postgres().pipelines().get(source.partition());
    if (world.kafka().committed(source) == null
        || known == null
        || known.publishedOffset() == null) {
      // What nobody has ever begun to read is not ours to lose.
      return;
    }
    long end = world.kafka().end(source);
    long before = world.kafka().committed(source).offset();
    long until = before + more.nextInt((int) (end - before) + 1);
    trace.happened("records expired", () -> source + " before " + until + " of " + end);
    world.kafka().removeBefore(source, until);
    // Offsets expire long after the last node is gone: by then the tables know how far it had come.
    boolean isNoted =
        known.publishedOffset() == before && known.publishedAlertSeq() == known.alertSeq();
    if (offsetsToo && isNoted && nodes.stream().noneMatch(SimulatedNode::isAlive)) {
      trace.happened("offsets expired", source::toString);
      world.kafka().forgetOffsets(source);
    }
  }

  private Runnable fault(int kind) {
    long lastsNanos = world.scheduler().some(Duration.ofMillis(50), Duration.ofSeconds(9));
    Duration lasts = Duration.ofNanos(lastsNanos);
    return switch (kind) {
      case 0, 1, 2 -> onSome("node killed", node -> replace(node, lasts, SimulatedNode::kill));
      case 3 -> onSome("node stopped", node -> replace(node, lasts, SimulatedNode::stop));
      case 4, 5, 6 -> onSome("node frozen", node -> freeze(node, lasts));
      case 7 ->
          () -> {
            world.cutAllPushes();
            outage("PostgreSQL away", world.postgresOutage(), lasts).run();
          };
      case 8 -> outage("Kafka away", world.kafkaOutage(), lasts);
      case 9 -> world::cutAPush;
      default -> () -> start(machines.get(random.nextInt(machines.size())));
    };
  }

  private Runnable onSome(String what, Consumer<SimulatedNode> fault) {
    return () -> {
      List<SimulatedNode> alive =
          nodes.stream().filter(node -> node.isAlive() && !node.isStopping()).toList();
      if (!alive.isEmpty()) {
        SimulatedNode node = alive.get(random.nextInt(alive.size()));
        trace.happened(what, () -> node.machine().host().name());
        fault.accept(node);
      }
    };
  }

  private void replace(SimulatedNode node, Duration after, Consumer<SimulatedNode> end) {
    end.accept(node);
    world.scheduler().after(after, () -> start(node.machine()));
  }

  private void freeze(SimulatedNode node, Duration lasts) {
    node.machine().host().freeze();
    world.scheduler().after(lasts, node.machine().host()::thaw);
  }

  private Runnable outage(String what, Outage outage, Duration lasts) {
    return () -> {
      trace.happened(what);
      outage.begin();
      world.scheduler().after(lasts, outage::end);
    };
  }

  private void endTrouble() {
    trace.say(() -> "the trouble is over");
    world.calmDown();
    quietChecks = restart();
    checkQuiet();
  }

  private void checkQuiet() {
    if (nodes.stream().noneMatch(node -> node.isAlive() && !node.isStopping())) {
      start(machines.get(random.nextInt(machines.size())));
    }
    boolean quiet =
        (!(mustBeWell() || isGrown) || allIsWell())
            && (!isGrown || world.postgres().partitionsInForce() == grownTo)
            && world.kafka().isCaughtUp()
            && world.kafka().published(topics().alerts()).size() >= world.postgres().alerts().size()
            && sent.values().stream().mapToInt(List::size).sum() == workload.records().size();
    quietChecks = quiet ? quietChecks + 1 : restart();
    world.scheduler().after(CHECK, this::checkQuiet);
  }

  private int restart() {
    return mustBeWell() ? -IDLE_CHECKS : 0;
  }

  /** Whether something is to be noticed of which no record tells. */
  private boolean mustBeWell() {
    return idled || !workload.changes().isEmpty();
  }

  private boolean allIsWell() {
    return !world.postgresOutage().isOn()
        && !world.kafkaOutage().isOn()
        && machines.stream().noneMatch(machine -> machine.host().isFrozen())
        && nodes.stream()
                .filter(SimulatedNode::isAlive)
                .flatMap(node -> node.status().partitions().stream())
                .filter(partition -> partition.topic().equals(topics().transactions()))
                .filter(partition -> partition.state() == PartitionStatus.State.RUNNING)
                .count()
            == (isGrown ? grownTo : partitions);
  }
}
