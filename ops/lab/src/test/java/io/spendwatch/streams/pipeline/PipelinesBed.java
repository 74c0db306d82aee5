package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.schema.Schema;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.ops.storage.topics.TopicSetup;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.streams.base.Timekeeper;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A database, topics and a consumer group of one test's own on shared servers, and nodes that work
 * on them: the real pipelines with the real actors, without a cluster between them.
 */
public final class PipelinesBed implements AutoCloseable {
  private static final int PARTITIONS = 4;

  private final String bootstrapServers;
  private final PostgresAddress server;
  private final PostgresAddress database;
  private final String name = "t" + UUID.randomUUID().toString().substring(0, 8);
  private final Topics topics =
      new Topics(
          name + "-transactions",
          name + "-balances",
          name + "-alerts",
          name + "-transactions.dlq",
          name + "-balances.dlq",
          name + "-sales.metrics");
  private final KafkaProducer<byte[], byte[]> producer;

  /** One for all that is asked again and again. */
  private final Admin asking;

  /** Likewise, of what is read again and again; null before the first time. */
  private KafkaConsumer<byte[], byte[]> reader;

  private final List<PipelinesNode> nodes = new ArrayList<>();

  /**
   * @param server a database of the server to use, which nobody else is connected to; its user may
   *     make others. Where it is migrated, the test's own need not be
   */
  public PipelinesBed(String bootstrapServers, PostgresAddress server) throws Exception {
    this.bootstrapServers = bootstrapServers;
    this.server = server;
    this.database =
        new PostgresAddress(
            server.hosts(), name, server.parameters(), server.user(), server.password());
    try (Connection connection = server.connect("spendwatch-tests");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name + " TEMPLATE " + server.database());
    }
    // Who may do what in a database is not copied with it.
    int _ = new Schema(database).migrate(Instant.EPOCH);
    makeTopics();
    this.producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers", bootstrapServers, "linger.ms", 5, "compression.type", "lz4"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    this.asking = admin();
  }

  public Topics topics() {
    return topics;
  }

  /** One node's settings in HOCON; {@code overrides} come last. */
  String settings(String nodeId, String overrides) {
    return """
        spendwatch {
          node-id = "%s"
          kafka {
            bootstrap-servers = "%s"
            group-id = "%s"
            topics {
              transactions = "%s"
              balances = "%s"
              alerts = "%s"
              transactions-dead-letters = "%s"
              balances-dead-letters = "%s"
            }
          }
          postgres.uri = "%s"
          # What is tried again is to happen, not to be waited for.
          postgres.retry.max = 500 ms
          pipeline.retry.max = 500 ms
        }
        """
            .formatted(
                nodeId,
                bootstrapServers,
                name,
                topics.transactions(),
                topics.balances(),
                topics.alerts(),
                topics.transactionsDeadLetters(),
                topics.balancesDeadLetters(),
                postgresUri())
        + overrides;
  }

  PipelinesNode start(String nodeId) {
    return start(nodeId, "");
  }

  PipelinesNode start(String nodeId, String overrides) {
    return start(nodeId, overrides, InstantSource.system());
  }

  PipelinesNode start(String nodeId, String overrides, InstantSource clock) {
    PipelinesNode node =
        new PipelinesNode(PipelinesNode.config(settings(nodeId, overrides)), clock);
    nodes.add(node);
    return node;
  }

  public void send(Balance balance) {
    var _ =
        producer.send(
            new ProducerRecord<>(
                topics.balances(), balance.userId().getBytes(UTF_8), BalanceCodec.encode(balance)));
  }

  public void send(Transaction transaction) {
    var _ =
        producer.send(
            new ProducerRecord<>(
                topics.transactions(),
                transaction.userId().getBytes(UTF_8),
                TransactionCodec.encode(transaction)));
  }

  void send(String topic, byte[] key, byte[] value) {
    var _ = producer.send(new ProducerRecord<>(topic, key, value));
  }

  /** As {@code migrate --partitions} does it. */
  void grow(int partitions) {
    closeReader();
    var preparation =
        new Preparation(
            new PrintWriter(System.err, true, UTF_8),
            Duration.ofSeconds(60),
            Timekeeper.real(InstantSource.system()));
    assertThat(
            preparation.topics(
                database,
                Map.of("bootstrap.servers", bootstrapServers),
                topics,
                OptionalInt.of(partitions),
                OptionalInt.empty()))
        .isEmpty();
  }

  /** As somebody does it who knows nothing of us. */
  void addPartitions(int partitions) throws Exception {
    closeReader();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
      admin
          .createPartitions(Map.of(topics.transactions(), NewPartitions.increaseTo(partitions)))
          .all()
          .get();
    }
  }

  void send(int partition, Transaction transaction) {
    var _ =
        producer.send(
            new ProducerRecord<>(
                topics.transactions(),
                partition,
                transaction.userId().getBytes(UTF_8),
                TransactionCodec.encode(transaction)));
  }

  /** From now on the topic takes only records up to this size. */
  void limit(String topic, int messageBytesMax) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers))) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, topic),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry(
                              TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
                              Integer.toString(messageBytesMax)),
                          AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
  }

  /**
   * Moves the group, which must be empty, to this offset of all partitions, as an operator does.
   */
  void moveOffsets(String topic, long offset) {
    Map<TopicPartition, OffsetAndMetadata> moved = new HashMap<>();
    sources(topic).forEach(source -> moved.put(source, new OffsetAndMetadata(offset)));
    ofEmptyGroup(admin -> admin.alterConsumerGroupOffsets(name, moved).all());
  }

  /** As when the offsets of the group, which must be empty, have expired. */
  void forgetOffsets(String topic) {
    ofEmptyGroup(admin -> admin.deleteConsumerGroupOffsets(name, sources(topic)).all());
  }

  private static Set<TopicPartition> sources(String topic) {
    return IntStream.range(0, PARTITIONS)
        .mapToObj(partition -> new TopicPartition(topic, partition))
        .collect(Collectors.toSet());
  }

  private void ofEmptyGroup(Function<Admin, KafkaFuture<Void>> change) {
    try (Admin admin = admin()) {
      await()
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(
              () -> {
                var _ = change.apply(admin).get();
                return true;
              });
    }
  }

  /** As retention does. */
  void deleteRecordsBefore(TopicPartition source, long offset) throws Exception {
    try (Admin admin = admin()) {
      var _ = admin.deleteRecords(Map.of(source, RecordsToDelete.beforeOffset(offset))).all().get();
    }
  }

  void deleteTopic(String topic) throws Exception {
    closeReader();
    try (Admin admin = admin()) {
      var _ = admin.deleteTopics(List.of(topic)).all().get();
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> !admin.listTopics().names().get().contains(topic));
    }
  }

  /** Makes the topics that are missing. */
  void makeTopics() throws Exception {
    try (Admin admin = admin()) {
      var _ =
          new TopicSetup(admin, topics, Timekeeper.real(InstantSource.system()))
              .create(OptionalInt.of(PARTITIONS), OptionalInt.empty());
    }
  }

  Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrapServers));
  }

  public String bootstrapServers() {
    return bootstrapServers;
  }

  /**
   * A URI of this test's database for a user with no more rights than a deployment's.
   *
   * @return as the configuration takes it
   */
  String postgresUriOfPlainUser() {
    if (number("SELECT count(*) FROM pg_roles WHERE rolname = '" + plainUser() + "'") == 0) {
      execute("CREATE ROLE " + plainUser() + " LOGIN PASSWORD 'secret' IN ROLE spendwatch_oltp");
    }
    return "postgresql://%s:secret@%s/%s".formatted(plainUser(), database.hosts(), name);
  }

  String plainUser() {
    return name + "_watcher";
  }

  /** Of the test's database, which can be put back to it. */
  DatabaseSnapshot snapshot() {
    return new DatabaseSnapshot(server, database);
  }

  /** The consumer group of the nodes. */
  public String group() {
    return name;
  }

  public Map<String, Object> consumerProperties() {
    return Map.of("bootstrap.servers", bootstrapServers);
  }

  /** To this test's database; the caller closes it. */
  public Connection connect() throws SQLException {
    return database.connect("spendwatch-tests");
  }

  /** Whether the group has committed all that is in the topics of transactions and balances. */
  public boolean isCaughtUp() {
    Set<TopicPartition> all = new HashSet<>(sources(topics.transactions()));
    all.addAll(sources(topics.balances()));
    return isCommitted(all);
  }

  /** Whether the group has committed all that is in these partitions. */
  boolean isCommitted(Set<TopicPartition> sources) {
    try {
      Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
      sources.forEach(source -> asked.put(source, OffsetSpec.latest()));
      var committed = asking.listConsumerGroupOffsets(name).partitionsToOffsetAndMetadata().get();
      var ends = asking.listOffsets(asked).all().get();
      return ends.entrySet().stream()
          .allMatch(
              end -> {
                var offset = committed.get(end.getKey());
                return (offset == null ? 0 : offset.offset()) >= end.getValue().offset();
              });
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  public void flush() {
    producer.flush();
  }

  /** The first column of the first row. */
  public long number(String sql) {
    try (Connection connection = database.connect("spendwatch-tests");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** The first column of all rows. */
  public List<String> column(String sql) {
    try (Connection connection = database.connect("spendwatch-tests");
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      List<String> column = new ArrayList<>();
      while (rows.next()) {
        column.add(rows.getString(1));
      }
      return column;
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  public void execute(String sql) {
    try (Connection connection = database.connect("spendwatch-tests");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** All that a subscriber sees of a topic now, with {@code read_committed}, by partition. */
  public synchronized Map<Integer, List<ConsumerRecord<byte[], byte[]>>> committed(String topic) {
    if (reader == null) {
      reader =
          new KafkaConsumer<>(
              Map.of("bootstrap.servers", bootstrapServers, "isolation.level", "read_committed"),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer());
    }
    List<TopicPartition> sources =
        reader.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList();
    reader.assign(sources);
    reader.seekToBeginning(sources);
    Map<TopicPartition, Long> ends = reader.endOffsets(sources);
    Map<Integer, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    while (ends.entrySet().stream()
        .anyMatch(end -> reader.position(end.getKey()) < end.getValue())) {
      reader
          .poll(Duration.ofMillis(100))
          .forEach(
              record ->
                  records.computeIfAbsent(record.partition(), _ -> new ArrayList<>()).add(record));
    }
    return records;
  }

  /** It would take a topic that is made anew, or is larger, for the one that it knows. */
  private synchronized void closeReader() {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }

  public List<ConsumerRecord<byte[], byte[]>> allCommitted(String topic) {
    return committed(topic).values().stream().flatMap(List::stream).toList();
  }

  /** As the configuration takes it. */
  public String postgresUri() {
    String password = database.password().isEmpty() ? "" : ":" + database.password();
    return "postgresql://%s%s@%s/%s".formatted(database.user(), password, database.hosts(), name);
  }

  @Override
  public void close() {
    producer.close(Duration.ZERO);
    asking.close(Duration.ZERO);
    closeReader();
    nodes.forEach(PipelinesNode::stop);
  }
}
