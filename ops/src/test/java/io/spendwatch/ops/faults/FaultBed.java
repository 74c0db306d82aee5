package io.spendwatch.ops.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.acceptance.Comparison;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.streams.PipelinesBed;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

  private static final String NODE = "faulty-node-";

  /**
   * What it is made of.
   *
   * @param nodes how many
   * @param linked whether they reach the servers by way of the links
   * @param hurried whether their time-outs are short, so that each is reached within a test
   */
  record Shape(int nodes, boolean linked, boolean hurried) {
    static final Shape TWO_NODES = new Shape(2, false, true);
    static final Shape TWO_LINKED_NODES = new Shape(2, true, true);
    static final Shape AS_DELIVERED = new Shape(1, false, false);
  }

  private final FaultyKafka kafka;
  private final FaultyPostgres postgres;
  private final PipelinesBed bed;
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final Random random;

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
    this.random = new Random(seed);
    this.bed = new PipelinesBed(kafka.bootstrapServers(), postgres.address());
    for (int i = 1; i <= shape.nodes(); i++) {
      this.nodes.add(new NodeProcess(NODE + i, directory.resolve(NODE + i), environment(shape)));
    }
  }

  /** Starts the nodes and waits until they are ready. */
  void start() {
    nodes.forEach(NodeProcess::start);
    awaitReady();
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

  /** Waits until all nodes are ready, and all partitions have one of them. */
  void awaitReady() {
    await("readiness of all nodes")
        .atMost(LIMIT)
        .until(
            () ->
                nodes.stream().allMatch(NodeProcess::isReady)
                    && nodes.stream().mapToInt(NodeProcess::partitions).sum() == PARTITIONS);
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
        "SELECT count(*) FROM pg_stat_activity WHERE application_name IN ('%s', '%s-push')"
            .formatted(node.name(), node.name()));
  }

  /**
   * The end: tables and alert topic equal the known answers, each alert is there once and in order,
   * nothing was put aside, nothing is left to be published.
   */
  void verify(SlicedData data) throws Exception {
    awaitCaughtUp();
    await("all alerts known to be published")
        .atMost(LIMIT)
        .until(
            () ->
                bed.number(
                        "SELECT count(*) FROM spendwatch.pipelines WHERE published_alert_seq <> alert_seq")
                    == 0);
    try (Connection connection = bed.connect()) {
      Comparison comparison =
          Comparison.run(
              data.directory(), SlicedData.SET, connection, bed.consumerProperties(), bed.topics());
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

  private Map<String, String> environment(Shape shape) {
    Map<String, String> settings = new HashMap<>();
    settings.put(
        "SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS",
        shape.linked() ? kafka.linkedBootstrapServers() : kafka.bootstrapServers());
    settings.put("SPENDWATCH_KAFKA_GROUP_ID", bed.group());
    settings.put("SPENDWATCH_TOPIC_TRANSACTIONS", bed.topics().transactions());
    settings.put("SPENDWATCH_TOPIC_BALANCES", bed.topics().balances());
    settings.put("SPENDWATCH_TOPIC_ALERTS", bed.topics().alerts());
    settings.put(
        "SPENDWATCH_TOPIC_TRANSACTIONS_DEAD_LETTERS", bed.topics().transactionsDeadLetters());
    settings.put("SPENDWATCH_TOPIC_BALANCES_DEAD_LETTERS", bed.topics().balancesDeadLetters());
    settings.put(
        "SPENDWATCH_PG_URI",
        shape.linked() ? postgres.linked(bed.postgresUri()) : bed.postgresUri());
    if (shape.hurried()) {
      hurry(settings);
    }
    return settings;
  }

  private static void hurry(Map<String, String> settings) {
    settings.put("SPENDWATCH_KAFKA_REQUEST_TIMEOUT", "2s");
    settings.put("SPENDWATCH_KAFKA_TRANSACTION_TIMEOUT", "4s");
    settings.put("SPENDWATCH_PG_CONNECT_TIMEOUT", "2s");
    settings.put("SPENDWATCH_PG_STATEMENT_TIMEOUT", "2s");
    settings.put(
        "SPENDWATCH_JAVA_OPTS",
        "-Dspendwatch.postgres.deadline-margin=500ms -Dspendwatch.postgres.probe-interval=1s"
            // Starts sooner.
            + " -XX:TieredStopAtLevel=1");
  }

  @Override
  public void close() {
    nodes.forEach(NodeProcess::close);
    bed.close();
  }
}
