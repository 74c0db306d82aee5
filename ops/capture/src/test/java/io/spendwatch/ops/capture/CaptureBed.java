package io.spendwatch.ops.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.CapturePath;
import io.spendwatch.ops.capture.walk.Capture;
import io.spendwatch.ops.capture.walk.CaptureProgress;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer;
import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import io.spendwatch.ops.lab.sandbox.database.PostgresServer;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import io.spendwatch.ops.lab.sandbox.start.DataDirectory;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.ops.storage.topics.Preparation;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.streams.base.Timekeeper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A real Kafka and a real business database, for one test class; each test has tables and topics of
 * its own.
 */
final class CaptureBed implements AutoCloseable {
  static final Duration SOON = Duration.ofMinutes(2);
  private static final int PARTITIONS = 3;

  private final DataDirectory directory = DataDirectory.temporary();
  private final BusinessServer business;
  private KafkaServer kafka;
  private PostgresServer ours;
  private PostgresAddress warehouse;

  /** One for all that is read again and again; null before the first time. */
  private KafkaConsumer<byte[], byte[]> reader;

  CaptureBed(Engine engine) {
    kafka = KafkaServer.start(directory.kafka(), 0);
    business = BusinessServer.start(engine, directory, 0);
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(business.jdbcUrl(), business.user(), business.password());
  }

  void sql(String... statements) throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** The rows of a question, each with its columns as text. */
  List<List<String>> rows(String sql) throws SQLException {
    try (Connection connection = connect()) {
      return rows(connection, sql);
    }
  }

  private static List<List<String>> rows(Connection connection, String sql) throws SQLException {
    List<List<String>> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery(sql)) {
      while (result.next()) {
        List<String> row = new ArrayList<>();
        for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
          row.add(result.getString(i));
        }
        rows.add(row);
      }
    }
    return rows;
  }

  /** A database of ours, with its schema; the same for all that ask. */
  PostgresAddress ours() throws SQLException {
    if (ours == null) {
      ours = PostgresServer.start(directory.postgres(), 0);
      int _ =
          new Preparation(new PrintWriter(Writer.nullWriter()), SOON, TIME)
              .schema(oursAddress(), InstantSource.system().instant());
    }
    return oursAddress();
  }

  private PostgresAddress oursAddress() {
    return PostgresAddress.parse(ours.uri(), "", "");
  }

  /** A warehouse: a second database beside ours; the same for all that ask. */
  PostgresAddress warehouse() throws SQLException {
    if (warehouse == null) {
      try (Connection connection = ours().connect("test");
          Statement statement = connection.createStatement()) {
        statement.execute("CREATE DATABASE warehouse");
      }
      PostgresAddress beside = ours();
      warehouse = new PostgresAddress(beside.hosts(), "warehouse", "", beside.user(), "");
    }
    return warehouse;
  }

  /** The rows of a question to the warehouse, each with its columns as text. */
  List<List<String>> warehouseRows(String sql) throws SQLException {
    try (Connection connection = warehouse().connect("test")) {
      return rows(connection, sql);
    }
  }

  void warehouseSql(String... statements) throws SQLException {
    try (Connection connection = warehouse().connect("test");
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** Settings of the path to the warehouse. */
  String warehouseSettings(String tables, String more) throws SQLException {
    PostgresAddress address = warehouse();
    return """
    warehouse {
      uri = "postgresql://%s/%s", user = %s, schema = public
      batch-interval = 50 ms
      tables = [ %s ]
      %s
    }
    """
        .formatted(address.hosts(), address.database(), address.user(), tables, more);
  }

  void stopKafka() {
    kafka.close();
  }

  void startKafka() {
    kafka = KafkaServer.start(directory.kafka(), kafka.port());
  }

  /** A capture of its own: with a name, topics and a file of settings. */
  final class Site {
    private final String name;
    private final Path file;

    Site(String name, String mapping) throws Exception {
      this.name = name;
      this.file = directory.root().resolve(name + ".conf");
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
        List<NewTopic> topics = new ArrayList<>();
        for (String topic : List.of("tx", "bal", "tx.dlq", "bal.dlq")) {
          topics.add(
              new NewTopic(name + "." + topic, Optional.of(PARTITIONS), Optional.of((short) 1)));
        }
        var _ = admin.createTopics(topics).all().get(30, TimeUnit.SECONDS);
      }
      map(mapping);
    }

    /** Writes the file anew. */
    void map(String mapping) throws IOException {
      Files.writeString(
          file,
          """
          spendwatch.kafka {
            bootstrap-servers = "%s"
            topics {
              transactions = %s.tx
              balances = %s.bal
              transactions-dead-letters = %s.tx.dlq
              balances-dead-letters = %s.bal.dlq
            }
          }
          capture {
            name = %s
            source { uri = "%s", user = %s, password = %s }
            position-interval = 100 ms
            retry { min = 100 ms, max = 1 s }
            %s
          }
          """
              .formatted(
                  kafka.bootstrapServers(),
                  name,
                  name,
                  name,
                  name,
                  name,
                  business.uri(),
                  business.user(),
                  business.password(),
                  mapping));
    }

    Path file() {
      return file;
    }

    Running start() {
      return new Running(new Capture(CaptureConfig.load(file.toFile()), TIME), false);
    }

    Running start(CapturePath to, boolean snapshot) {
      return new Running(new Capture(CaptureConfig.load(file.toFile(), to), TIME), snapshot);
    }

    Running startWithSnapshot() {
      return new Running(new Capture(CaptureConfig.load(file.toFile()), TIME), true);
    }

    /** As a process of its own, to be killed. */
    Process startProcess(CapturePath to) throws IOException {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-Xmx256m",
              "-cp",
              System.getProperty("java.class.path"),
              CaptureCommand.class.getName(),
              "capture",
              "--config",
              file.toString(),
              "--to",
              to.toString())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
          .start();
    }

    /** What the processes have said. */
    String log() {
      try {
        return Files.readString(logFile());
      } catch (IOException e) {
        return e.toString();
      }
    }

    private Path logFile() {
      return directory.root().resolve(name + ".log");
    }

    /** What is in the topic, in the order of each key. */
    List<Transaction> transactions() {
      List<Transaction> transactions = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : records(name + ".tx")) {
        if (TransactionCodec.decode(record.key(), record.value(), Long.MAX_VALUE)
            instanceof Decoded.Valid<Transaction>(Transaction transaction)) {
          transactions.add(transaction);
        } else {
          throw new AssertionError("not by the contract: " + new String(record.value(), UTF_8));
        }
      }
      return transactions;
    }

    /** Each once, as a node counts them. */
    Map<String, Transaction> distinct() {
      Map<String, Transaction> distinct = new LinkedHashMap<>();
      for (Transaction each : transactions()) {
        Transaction before = distinct.putIfAbsent(each.userId() + "/" + each.transactionId(), each);
        if (before != null && !before.equals(each)) {
          throw new AssertionError("one id, two transactions: " + before + " and " + each);
        }
      }
      return distinct;
    }

    /** What counts of each user, minor units. */
    Map<String, Long> sums() {
      Map<String, Long> sums = new TreeMap<>();
      for (Transaction each : distinct().values()) {
        sums.merge(each.userId(), each.signedAmountMinor(), Long::sum);
      }
      sums.values().removeIf(sum -> sum == 0);
      return sums;
    }

    List<Balance> balances() {
      List<Balance> balances = new ArrayList<>();
      for (ConsumerRecord<byte[], byte[]> record : records(name + ".bal")) {
        if (BalanceCodec.decode(record.key(), record.value(), Long.MAX_VALUE)
            instanceof Decoded.Valid<Balance>(Balance balance)) {
          balances.add(balance);
        } else {
          throw new AssertionError("not by the contract: " + new String(record.value(), UTF_8));
        }
      }
      return balances;
    }

    /** Puts what was sent into our tables, as a node does, but for what it decides. */
    void store() throws SQLException {
      try (Connection connection = ours().connect("test");
          PreparedStatement partitions =
              connection.prepareStatement(
                  "SELECT spendwatch.ensure_partitions(ARRAY[?::timestamptz])");
          PreparedStatement row =
              connection.prepareStatement(
                  "INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind,"
                      + " amount_minor, currency, original_transaction_id, exposure_minor, verdict,"
                      + " kafka_partition, kafka_offset, ingested_at)"
                      + " VALUES (?, ?, ?, ?, ?, ?, ?, 0, 'NO_ACCOUNT', 0, 0, now())");
          PreparedStatement account =
              connection.prepareStatement(
                  "INSERT INTO spendwatch.accounts (user_id, currency, balance_minor)"
                      + " VALUES (?, 'USD', ?)")) {
        for (Transaction each : distinct().values()) {
          var at = new Timestamp(each.eventTimeMs());
          partitions.setTimestamp(1, at);
          partitions.execute();
          row.setString(1, each.userId());
          row.setTimestamp(2, at);
          row.setString(3, each.transactionId());
          row.setString(4, each.kind().name());
          row.setLong(5, each.amountMinor());
          row.setString(6, each.currency());
          row.setString(7, each.originalTransactionId());
          row.executeUpdate();
        }
        for (Map.Entry<String, Long> each : inForce().entrySet()) {
          account.setString(1, each.getKey());
          account.setLong(2, each.getValue());
          account.executeUpdate();
        }
      }
    }

    /** In force of each user: that with the latest {@code asOf}. */
    Map<String, Long> inForce() {
      Map<String, Balance> newest = new TreeMap<>();
      for (Balance each : balances()) {
        newest.merge(
            each.userId(), each, (one, other) -> other.asOfMs() >= one.asOfMs() ? other : one);
      }
      Map<String, Long> inForce = new TreeMap<>();
      newest.forEach((user, balance) -> inForce.put(user, balance.balanceMinor()));
      return inForce;
    }

    /** Reason, key and value of each dead letter. */
    List<String> letters(String topic) {
      return records(name + "." + topic + ".dlq").stream()
          .map(
              record ->
                  new String(record.headers().lastHeader("dlq.reason").value(), UTF_8)
                      + " "
                      + (record.key() == null ? "-" : new String(record.key(), UTF_8))
                      + " "
                      + new String(record.value(), UTF_8))
          .toList();
    }
  }

  /** All of a topic, from its beginning. */
  private synchronized List<ConsumerRecord<byte[], byte[]>> records(String topic) {
    if (reader == null) {
      reader =
          new KafkaConsumer<>(
              Map.of(
                  "bootstrap.servers", kafka.bootstrapServers(), "auto.offset.reset", "earliest"),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer());
    }
    List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    List<TopicPartition> partitions =
        reader.partitionsFor(topic).stream()
            .map(info -> new TopicPartition(topic, info.partition()))
            .toList();
    reader.assign(partitions);
    reader.seekToBeginning(partitions);
    Map<TopicPartition, Long> ends = reader.endOffsets(partitions);
    while (partitions.stream().anyMatch(each -> reader.position(each) < ends.get(each))) {
      reader.poll(Duration.ofMillis(100)).forEach(records::add);
    }
    return records;
  }

  private static final Timekeeper TIME = Timekeeper.real(InstantSource.system());

  /** A capture that runs on a thread of its own. */
  static final class Running implements AutoCloseable {
    private final Capture capture;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private Running(Capture capture, boolean snapshot) {
      this.capture = capture;
      TIME.startThread(
          "capture",
          () -> {
            try {
              capture.run(snapshot);
              ended.complete(null);
            } catch (Throwable e) {
              ended.completeExceptionally(e);
            }
          });
    }

    CaptureProgress progress() {
      return capture.progress();
    }

    /** What it has ended of, by itself. */
    Throwable failure() throws InterruptedException, TimeoutException {
      try {
        ended.get(SOON.toSeconds(), TimeUnit.SECONDS);
        throw new AssertionError("it has ended without saying why");
      } catch (ExecutionException e) {
        return e.getCause();
      }
    }

    boolean isRunning() {
      return !ended.isDone();
    }

    @Override
    public void close() {
      capture.end();
      try {
        ended.get(SOON.toSeconds(), TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        // It has ended by itself, which the test has looked at.
      } catch (InterruptedException | TimeoutException e) {
        throw new AssertionError("it does not end", e);
      }
    }
  }

  @Override
  public synchronized void close() {
    if (ours != null) {
      ours.close();
    }
    if (reader != null) {
      reader.close();
    }
    business.close();
    kafka.close();
    directory.close();
  }
}
