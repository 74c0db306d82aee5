package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.faults.links.KafkaLink;
import io.spendwatch.ops.faults.links.PeerLinks;
import io.spendwatch.ops.faults.load.KnownLoad;
import io.spendwatch.ops.faults.load.PartitionWatch;
import io.spendwatch.ops.faults.processes.FaultyKafka;
import io.spendwatch.ops.faults.processes.FaultyPostgres;
import io.spendwatch.ops.faults.processes.NodeProcess;
import io.spendwatch.ops.faults.processes.NodeProcess.View;
import io.spendwatch.ops.lab.acceptance.Comparison;
import io.spendwatch.ops.lab.sandbox.Certificates;
import io.spendwatch.ops.testing.Launched;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.streams.pipeline.PipelinesBed;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * An installation that faults are inflicted on: servers that can fail, a database, topics and a
 * group of its own, node processes, and what must be true in the end. For one thread.
 */
final class FaultBed implements AutoCloseable {
  /** Of both topics that the nodes consume, together. */
  static final int PARTITIONS = 8;

  /** For whatever should happen by itself. */
  static final Duration LIMIT = Duration.ofSeconds(60);

  private static final Duration LOOKS = Duration.ofMillis(250);

  private static final String NODE = "faulty-node-";

  /**
   * This one of a cluster notices only after so long that the others are out of reach, as a node
   * may that has found its neighbours irregular: when it asks who may go on, the others have long
   * been told that they may.
   */
  private static final int NOTICES_LATE = 1;

  private static final String LATE =
      "-Dpekko.cluster.failure-detector.acceptable-heartbeat-pause=24s";

  /** What nodes reach by way of a link that can fail. */
  enum Linked {
    KAFKA,
    POSTGRES,
    /** The other nodes, with which they form a cluster. */
    PEERS
  }

  /**
   * What it is made of.
   *
   * @param nodes how many
   * @param hurried whether their time-outs are short, so that each is reached within a test
   * @param startsFast whether they do without the JVM's second compiler
   */
  record Shape(int nodes, Set<Linked> linked, boolean hurried, boolean startsFast) {
    static final Shape TWO_NODES = new Shape(2, Set.of(), true, true);
    static final Shape TWO_LINKED_NODES =
        new Shape(2, Set.of(Linked.KAFKA, Linked.POSTGRES), true, true);
    static final Shape FAST_CLUSTER = new Shape(3, Set.of(Linked.KAFKA, Linked.PEERS), false, true);
    static final Shape CLUSTER = new Shape(3, Set.of(Linked.KAFKA, Linked.PEERS), false, false);
    static final Shape AS_DELIVERED = new Shape(1, Set.of(), false, false);
  }

  /**
   * A node has ended without having been told to, and was started again.
   *
   * @param awaySeconds until it was ready again; empty while it is not
   */
  record Ending(NodeProcess node, int status, long atNanos, OptionalDouble awaySeconds) {
    @Override
    public String toString() {
      return "%s ended by itself with status %d and was ready again %.1f s later"
          .formatted(node.name(), status, awaySeconds.orElse(Double.NaN));
    }
  }

  private final FaultyKafka kafka;
  private final FaultyPostgres postgres;
  private final Shape shape;
  private final Path directory;
  private final PipelinesBed bed;
  private final PeerLinks peers;

  /** With which the nodes of a cluster know each other. */
  private final Map<String, String> tls;

  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<Ending> endings = new ArrayList<>();
  private final Random random;
  private Optional<PartitionWatch> watch = Optional.empty();

  /**
   * Makes database and topics; the nodes are not started.
   *
   * @param directory for the nodes' logs
   * @param seed of all random choices
   */
  FaultBed(FaultyKafka kafka, FaultyPostgres postgres, Shape shape, Path directory, long seed)
      throws Exception {
    this.kafka = kafka;
    this.postgres = postgres;
    this.shape = shape;
    this.directory = directory;
    this.random = new Random(seed);
    this.bed = new PipelinesBed(kafka.bootstrapServers(), postgres.address());
    this.peers = new PeerLinks(FaultyKafka.NODES_MAX);
    this.tls = isCluster() ? tls(Certificates.authority(directory, "authority")) : Map.of();
    for (int i = 0; i < shape.nodes(); i++) {
      this.nodes.add(node(i));
    }
  }

  /** Starts the nodes and waits until they are ready. */
  void start() throws SQLException {
    nodes.forEach(NodeProcess::start);
    awaitReady(NodeProcess.START_LIMIT);
    if (isCluster()) {
      watch = Optional.of(PartitionWatch.start(bed));
    }
  }

  /** Starts one node more. */
  NodeProcess join() {
    NodeProcess newcomer = node(nodes.size());
    nodes.add(newcomer);
    newcomer.start();
    return newcomer;
  }

  /** Tells a node to end, and forgets it. */
  void leave(NodeProcess node) {
    node.terminate();
    nodes.remove(node);
  }

  /** Nothing passes between the node and the others any more. */
  void cutFromPeers(NodeProcess node) {
    peers.cutOff(nodes.indexOf(node));
  }

  void healPeers() {
    peers.heal();
  }

  /** The node's way to Kafka. */
  KafkaLink kafkaLink(NodeProcess node) {
    return kafka.links().get(nodes.indexOf(node));
  }

  /**
   * Where the nodes are a cluster, starts those again that have ended by themselves, as the
   * supervisor of a deployment does. To be called again and again.
   */
  void supervise() {
    if (!isCluster()) {
      return;
    }
    for (NodeProcess node : nodes) {
      node.endedByItself()
          .ifPresent(
              status -> {
                endings.add(new Ending(node, status, System.nanoTime(), OptionalDouble.empty()));
                node.start();
              });
    }
    endings.replaceAll(
        ending ->
            ending.awaySeconds().isEmpty() && ending.node().isReady()
                ? new Ending(
                    ending.node(),
                    ending.status(),
                    ending.atNanos(),
                    OptionalDouble.of((System.nanoTime() - ending.atNanos()) / 1e9))
                : ending);
  }

  /** All so far, by {@link #supervise}. */
  List<Ending> endings() {
    return List.copyOf(endings);
  }

  /** Where the nodes are a cluster, once they have started: who watches how its partitions fare. */
  Optional<PartitionWatch> watch() {
    return watch;
  }

  private boolean isCluster() {
    return shape.linked().contains(Linked.PEERS);
  }

  private NodeProcess node(int number) {
    String name = NODE + (number + 1);
    return new NodeProcess(name, directory.resolve(name), environment(number));
  }

  FaultyKafka kafka() {
    return kafka;
  }

  FaultyPostgres postgres() {
    return postgres;
  }

  PipelinesBed bed() {
    return bed;
  }

  List<NodeProcess> nodes() {
    return List.copyOf(nodes);
  }

  Random random() {
    return random;
  }

  /** Transactional id of a node's producer. */
  String transactionalId(NodeProcess node) {
    return bed.group() + "/" + node.name();
  }

  /** Whether readiness of some node names this. */
  boolean anyWaitsFor(Pattern what) {
    return nodes.stream()
        .anyMatch(
            node ->
                node.waitingFor().stream()
                    .flatMap(List::stream)
                    .anyMatch(line -> what.matcher(line).find()));
  }

  /** What readiness of all nodes names. */
  List<String> waitingFor() {
    return nodes.stream()
        .flatMap(node -> node.waitingFor().stream())
        .flatMap(List::stream)
        .distinct()
        .toList();
  }

  /** Waits until all nodes are ready, in one cluster, and all partitions have one of them. */
  void awaitReady() {
    awaitReady(isCluster() ? NodeProcess.START_LIMIT : LIMIT);
  }

  private void awaitReady(Duration limit) {
    await("readiness of all nodes")
        .atMost(limit)
        // Nodes that are about to start have better things to do than to answer.
        .pollInterval(LOOKS)
        .untilAsserted(
            () -> {
              supervise();
              List<String> notReady = new ArrayList<>();
              int partitions = 0;
              for (NodeProcess node : nodes) {
                Optional<View> view = node.view();
                notReadyFor(node, view).ifPresent(notReady::add);
                partitions += view.map(View::partitions).orElse(0);
              }
              assertThat(notReady).isEmpty();
              assertThat(partitions).as("partitions that have a node").isEqualTo(PARTITIONS);
            });
  }

  /** Why a node is not ready, in words: the output of a build may be all that there is of it. */
  private Optional<String> notReadyFor(NodeProcess node, Optional<View> view) {
    if (view.filter(View::isReady).isEmpty()) {
      return Optional.of(
          node.name()
              + (node.isAlive() ? ": " : " has ended: ")
              + view.map(each -> each.waitingFor().toString()).orElse("no answer"));
    }
    int membersUp = view.map(View::membersUp).orElse(0);
    return isCluster() && membersUp != nodes.size()
        ? Optional.of(node.name() + " knows " + membersUp + " members that are up")
        : Optional.empty();
  }

  /** Whether the shard of each partition is where the partition is consumed. */
  boolean shardsFollowed() {
    return nodes.stream().allMatch(node -> node.hasItsShards(bed.topics().transactions()));
  }

  /** Waits until all that Kafka has is durable, published and committed. */
  void awaitCaughtUp() {
    await("all offsets committed").atMost(LIMIT).ignoreExceptions().until(bed::isCaughtUp);
  }

  long stored() {
    return bed.number("SELECT count(*) FROM spendwatch.transactions");
  }

  /** Those that PostgreSQL knows of, of one node. */
  long connectionsOf(NodeProcess node) {
    return bed.number(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('%s', '%s-push', '%s-writes')"
            .formatted(node.name(), node.name(), node.name()));
  }

  /**
   * Between runs of the load: tables and alert topic equal the known answers, each alert is there
   * once and in order, nothing was put aside, nothing is left to be published.
   */
  void verify(KnownLoad load) throws Exception {
    awaitCaughtUp();
    await("all alerts known to be published")
        .atMost(LIMIT)
        .until(
            () ->
                bed.number(
                        "SELECT count(*) FROM spendwatch.pipelines WHERE published_alert_seq <>"
                            + " alert_seq")
                    == 0);
    try (Connection connection = bed.connect()) {
      Comparison comparison =
          Comparison.run(
              load.answersSoFar(),
              KnownLoad.SET,
              false,
              connection,
              bed.consumerProperties(),
              bed.topics(),
              Partitioner.MURMUR2);
      assertThat(comparison.isEqual()).as(comparison.report()).isTrue();
    }
    verifyAlertsAreTheRows();
    assertThat(bed.allCommitted(bed.topics().transactionsDeadLetters())).isEmpty();
    assertThat(bed.allCommitted(bed.topics().balancesDeadLetters())).isEmpty();
  }

  /** Each row of {@code alerts} is in the topic exactly once, in the order of its partition. */
  void verifyAlertsAreTheRows() {
    Map<Integer, List<String>> published = new HashMap<>();
    bed.committed(bed.topics().alerts())
        .forEach(
            (partition, records) ->
                published.put(
                    partition,
                    records.stream()
                        .map(record -> AlertCodec.decode(record.value()).alertId())
                        .toList()));
    assertThat(published).isNotEmpty();
    for (int partition = 0; partition < PARTITIONS / 2; partition++) {
      assertThat(published.getOrDefault(partition, List.of()))
          .as("alerts of partition %d", partition)
          .isEqualTo(
              bed.column(
                  "SELECT alert_id FROM spendwatch.alerts WHERE kafka_partition = "
                      + partition
                      + " ORDER BY partition_seq"));
    }
  }

  private static Map<String, String> tls(Certificates authority) {
    String name = "spendwatch-node";
    return Map.of(
        "SPENDWATCH_CLUSTER_TLS_CERTIFICATE_FILE",
        authority.issue("nodes", name, "dns:" + name).toString(),
        "SPENDWATCH_CLUSTER_TLS_KEY_FILE",
        authority.key("nodes").toString(),
        "SPENDWATCH_CLUSTER_TLS_AUTHORITIES_FILE",
        authority.root().toString());
  }

  private Map<String, String> environment(int node) {
    Map<String, String> settings = new HashMap<>(tls);
    if (isCluster()) {
      settings.putAll(peers.settings(node));
    }
    settings.put(
        "SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS",
        shape.linked().contains(Linked.KAFKA)
            ? kafka.linkedBootstrapServers(node)
            : kafka.bootstrapServers());
    settings.put("SPENDWATCH_KAFKA_GROUP_ID", bed.group());
    settings.put("SPENDWATCH_TOPIC_TRANSACTIONS", bed.topics().transactions());
    settings.put("SPENDWATCH_TOPIC_BALANCES", bed.topics().balances());
    settings.put("SPENDWATCH_TOPIC_ALERTS", bed.topics().alerts());
    settings.put(
        "SPENDWATCH_TOPIC_TRANSACTIONS_DEAD_LETTERS", bed.topics().transactionsDeadLetters());
    settings.put("SPENDWATCH_TOPIC_BALANCES_DEAD_LETTERS", bed.topics().balancesDeadLetters());
    settings.put("SPENDWATCH_TOPIC_SALES_METRICS", bed.topics().salesMetrics());
    settings.put(
        "SPENDWATCH_PG_URI",
        shape.linked().contains(Linked.POSTGRES)
            ? postgres.linked(bed.postgresUri())
            : bed.postgresUri());
    // The known answers know of no time that passes while nothing comes.
    settings.put("SPENDWATCH_IDLE_AFTER", "1h");
    List<String> javaOptions = new ArrayList<>();
    if (isCluster()) {
      javaOptions.addAll(peers.javaOptions(node));
      if (node == NOTICES_LATE) {
        javaOptions.add(LATE);
      }
    }
    if (shape.hurried()) {
      hurry(settings, javaOptions);
    }
    if (shape.startsFast()) {
      javaOptions.add(Launched.BRIEF_JVM);
    }
    settings.put("SPENDWATCH_JAVA_OPTS", String.join(" ", javaOptions));
    return settings;
  }

  private static void hurry(Map<String, String> settings, List<String> javaOptions) {
    settings.put("SPENDWATCH_KAFKA_REQUEST_TIMEOUT", "2s");
    settings.put("SPENDWATCH_KAFKA_TRANSACTION_TIMEOUT", "4s");
    settings.put("SPENDWATCH_PG_CONNECT_TIMEOUT", "2s");
    settings.put("SPENDWATCH_PG_STATEMENT_TIMEOUT", "2s");
    javaOptions.add("-Dspendwatch.postgres.deadline-margin=500ms");
    javaOptions.add("-Dspendwatch.postgres.probe-interval=1s");
  }

  @Override
  public void close() {
    nodes.forEach(NodeProcess::close);
    watch.ifPresent(PartitionWatch::close);
    peers.close();
    bed.close();
  }
}
