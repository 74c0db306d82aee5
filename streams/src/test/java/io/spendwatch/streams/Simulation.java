package io.spendwatch.streams;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.streams.postgres.SimulatedPostgres.StoredAlert;
import io.spendwatch.streams.simulation.Expected;
import io.spendwatch.streams.simulation.Machine;
import io.spendwatch.streams.simulation.Scheduler;
import io.spendwatch.streams.simulation.Trace;
import io.spendwatch.streams.simulation.Workload;
import io.spendwatch.streams.simulation.World;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
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

  private static final Map<String, StreamsConfig> CONFIGS = new ConcurrentHashMap<>();

  private final Random random;
  private final Trace trace;
  private final List<Machine> machines;
  private final int partitions;
  private final Workload workload;
  private final World world;
  private final StreamsConfig[] configs;
  private final int awakeUsersMax;
  private final List<SimulatedNode> nodes = new ArrayList<>();
  private final Map<Integer, List<Workload.Sent>> sent = new HashMap<>();
  private int quietChecks;

  /**
   * @param machines at rest; used by this simulation alone until it is over
   */
  Simulation(long seed, List<Machine> machines, boolean verbose) {
    this.random = new Random(seed);
    this.trace = new Trace(verbose);
    this.machines = machines;
    this.partitions = 1 + random.nextInt(3);
    this.workload = new Workload(random, partitions);
    this.configs = new StreamsConfig[machines.size()];
    int batchRowsMax = List.of(1, 3, 20, 500).get(random.nextInt(4));
    for (int i = 0; i < configs.length; i++) {
      int node = i;
      configs[i] = CONFIGS.computeIfAbsent(i + "/" + batchRowsMax, _ -> config(node, batchRowsMax));
    }
    this.awakeUsersMax = random.nextInt(3) == 0 ? 1 + random.nextInt(2) : 1000;
    this.world = new World(random, trace, machines, configs[0].kafka().topics(), partitions);
  }

  private static StreamsConfig config(int node, int batchRowsMax) {
    return StreamsConfig.from(
        ConfigFactory.parseString(
                """
                spendwatch {
                  node-id = "machine-%d"
                  pipeline {
                    batch-rows-max = %d
                    tick = 500 ms
                    idle-after = 1 h
                    ask-timeout = 2 s
                    end-offset-interval = 2 s
                    offset-commit-interval = 100 ms
                    drain-timeout = 1 s
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
      workload
          .balances()
          .forEach((user, minor) -> world.postgres().putAccount(user, "USD", minor, 0));
      workload.poison().forEach(world.postgres()::refuse);
      sendRecords();
      int first = 1 + random.nextInt(machines.size());
      for (int i = 0; i < first; i++) {
        start(machines.get(i));
      }
      planTrouble();
      world.scheduler().after(TROUBLE, this::endTrouble);
      try {
        world.scheduler().run(() -> quietChecks > 4, TROUBLE.plus(RECOVERY));
      } catch (Scheduler.Stuck e) {
        throw new AssertionError(e.getMessage() + "\n" + describe(), e);
      }
      new Verdict().check();
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

  private void send(Workload.Sent record) {
    sent.computeIfAbsent(record.partition(), _ -> new ArrayList<>()).add(record);
    world
        .kafka()
        .append(
            transactions(record.partition()),
            record.key().getBytes(UTF_8),
            record.value().getBytes(UTF_8));
  }

  private TopicPartition transactions(int partition) {
    return new TopicPartition(configs[0].kafka().topics().transactions(), partition);
  }

  private void start(Machine machine) {
    boolean occupied =
        nodes.stream().anyMatch(node -> node.isAlive() && node.machine().equals(machine));
    if (!occupied) {
      trace.say(() -> machine.host().name() + " starts a node");
      nodes.add(
          new SimulatedNode(world, machine, configs[machines.indexOf(machine)], awakeUsersMax));
    }
  }

  private void planTrouble() {
    int faults = random.nextInt(7);
    for (int i = 0; i < faults; i++) {
      Runnable fault = fault(random.nextInt(12));
      world.scheduler().after(Duration.ofNanos(random.nextLong(TROUBLE.toNanos())), fault);
    }
  }

  private Runnable fault(int kind) {
    long lastsNanos = world.scheduler().some(Duration.ofMillis(50), Duration.ofSeconds(9));
    Duration lasts = Duration.ofNanos(lastsNanos);
    return switch (kind) {
      case 0, 1, 2 -> onSome("node killed", node -> replace(node, lasts, SimulatedNode::kill));
      case 3 -> onSome("node stopped", node -> replace(node, lasts, SimulatedNode::stop));
      case 4, 5, 6 -> onSome("node frozen", node -> freeze(node, lasts));
      case 7 -> outage("PostgreSQL away", world.postgresOutage(), lasts);
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

  private Runnable outage(
      String what, io.spendwatch.streams.simulation.Outage outage, Duration lasts) {
    return () -> {
      trace.happened(what);
      outage.begin();
      world.scheduler().after(lasts, outage::end);
    };
  }

  private void endTrouble() {
    trace.say(() -> "the trouble is over");
    world.calmDown();
    checkQuiet();
  }

  private void checkQuiet() {
    if (nodes.stream().noneMatch(node -> node.isAlive() && !node.isStopping())) {
      start(machines.get(random.nextInt(machines.size())));
    }
    boolean quiet =
        world.kafka().isCaughtUp()
            && world.kafka().published(configs[0].kafka().topics().alerts()).size()
                >= world.postgres().alerts().size()
            && sent.values().stream().mapToInt(List::size).sum() == workload.records().size();
    quietChecks = quiet ? quietChecks + 1 : 0;
    world.scheduler().after(CHECK, this::checkQuiet);
  }

  /** Compares what is there with what must be. */
  private final class Verdict {
    private final List<String> differences = new ArrayList<>();

    void check() {
      Expected expected = new Expected(workload.balances());
      Set<String> deadLetters = new HashSet<>();
      sent.forEach(
          (partition, records) -> {
            for (int offset = 0; offset < records.size(); offset++) {
              Workload.Sent record = records.get(offset);
              if (record.reason() == null) {
                expected.arrive(partition, offset, record.transaction());
              } else {
                deadLetters.add(partition + "@" + offset + " " + record.reason());
              }
            }
          });
      expected.end();
      compare("rows", Set.copyOf(expected.rows()), rows());
      compareAlerts(expected.alerts());
      comparePublished();
      compareDeadLetters(deadLetters);
      expected
          .streamTimesMs()
          .forEach(
              (partition, streamTimeMs) -> {
                Long stored = world.postgres().pipelines().get(partition).streamTimeMs();
                if (!streamTimeMs.equals(stored)) {
                  differences.add("stream time of " + partition + ": " + stored);
                }
              });
      if (!differences.isEmpty()) {
        throw new AssertionError(String.join("\n", differences));
      }
    }

    private Set<Expected.Row> rows() {
      Set<Expected.Row> rows = new HashSet<>();
      world
          .postgres()
          .transactions()
          .forEach(
              row ->
                  rows.add(
                      new Expected.Row(
                          row.userId(),
                          row.transactionId(),
                          row.eventTimeMs(),
                          row.exposureMinor(),
                          row.balanceMinor(),
                          row.verdict(),
                          row.partition(),
                          row.offset())));
      return rows;
    }

    private void compareAlerts(Map<String, List<Expected.Alert>> expected) {
      Map<String, List<Expected.Alert>> actual = new HashMap<>();
      Map<String, Map<String, Integer>> episodes = new HashMap<>();
      for (StoredAlert alert : world.postgres().alerts()) {
        Map<String, Integer> numbers =
            episodes.computeIfAbsent(alert.userId(), _ -> new HashMap<>());
        int episode = numbers.computeIfAbsent(alert.episodeId(), _ -> numbers.size());
        actual
            .computeIfAbsent(alert.userId(), _ -> new ArrayList<>())
            .add(
                new Expected.Alert(
                    alert.type(),
                    episode,
                    alert.transactionId(),
                    alert.exposureMinor(),
                    alert.balanceMinor(),
                    alert.transactions(),
                    alert.eventTimeMs(),
                    alert.late(),
                    alert.cause()));
      }
      Set<String> users = new HashSet<>(expected.keySet());
      users.addAll(actual.keySet());
      for (String user : users) {
        List<Expected.Alert> must = expected.getOrDefault(user, List.of());
        List<Expected.Alert> is = actual.getOrDefault(user, List.of());
        if (!must.equals(is)) {
          differences.add("alerts of " + user + "\n  must be " + must + "\n  but are " + is);
        }
      }
    }

    /** What subscribers have seen is what the table says, once, in its order. */
    private void comparePublished() {
      Map<Integer, List<String>> stored = new HashMap<>();
      for (StoredAlert alert : world.postgres().alerts()) {
        stored.computeIfAbsent(alert.partition(), _ -> new ArrayList<>()).add(alert.alertId());
      }
      Map<Integer, List<String>> seen = new HashMap<>();
      for (ProducerRecord<byte[], byte[]> record :
          world.kafka().published(configs[0].kafka().topics().alerts())) {
        Alert alert = AlertCodec.decode(record.value());
        seen.computeIfAbsent(alert.source().partition(), _ -> new ArrayList<>())
            .add(alert.alertId());
      }
      if (!stored.equals(seen)) {
        differences.add("alerts stored " + stored + "\n but published " + seen);
      }
    }

    private void compareDeadLetters(Set<String> expected) {
      List<String> seen = new ArrayList<>();
      for (ProducerRecord<byte[], byte[]> letter :
          world.kafka().published(configs[0].kafka().topics().transactionsDeadLetters())) {
        seen.add(
            header(letter, DeadLetters.PARTITION)
                + "@"
                + header(letter, DeadLetters.OFFSET)
                + " "
                + header(letter, DeadLetters.REASON));
      }
      List<String> must = new ArrayList<>(expected);
      Collections.sort(must);
      Collections.sort(seen);
      if (!must.equals(seen)) {
        differences.add("dead letters must be " + must + "\n but are " + seen);
      }
    }

    private String header(ProducerRecord<byte[], byte[]> letter, String name) {
      return new String(letter.headers().lastHeader(name).value(), UTF_8);
    }

    private <T> void compare(String what, Set<T> expected, Set<T> actual) {
      Set<T> missing = new HashSet<>(expected);
      missing.removeAll(actual);
      Set<T> extra = new HashSet<>(actual);
      extra.removeAll(expected);
      missing.forEach(each -> differences.add(what + ": missing " + each));
      extra.forEach(each -> differences.add(what + ": extra " + each));
    }
  }
}
