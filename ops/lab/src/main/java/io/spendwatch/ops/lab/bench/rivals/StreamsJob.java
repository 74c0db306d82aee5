package io.spendwatch.ops.lab.bench.rivals;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.streams.database.Database;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * What one would take instead of a node: the same rule as a Kafka Streams job, as careful as such
 * jobs are.
 *
 * <pre>
 *   transactions ─▶ decode ─▶ store of windows (changelog) ─┬▶ alerts
 *                                                          └▶ rows, a topic ─▶ consumer ─▶ INSERT ─▶ commit offsets
 * </pre>
 *
 * State, alerts, rows and offsets are one Kafka transaction (exactly once). Unlike a node it has no
 * late review, no duplicates, no dead letters, no balances but those at its start, no episodes that
 * end between two records, and shows an alert before its row is durable. Records must come in
 * order, of users with accounts.
 */
public final class StreamsJob implements AutoCloseable {
  /** As many as the machines of the benchmarks have processors. */
  private static final int THREADS = 2;

  private static final int ROWS_MAX = 2_000;
  private static final long CACHE_BYTES = 256L << 20;
  private static final int BATCH_BYTES = 128 << 10;
  private static final Duration POLL = Duration.ofMillis(10);
  private static final Duration CLOSE = Duration.ofSeconds(10);
  private static final Duration COMMIT_AT_REST = Duration.ofMillis(100);
  private static final String STORE = "users";

  private final String group;
  private final String rowsTopic;
  private final String transactions;
  private final Path directory;
  private final Map<String, BareUser> accounts;
  private final Database database;
  private final KafkaStreams streams;
  private final KafkaConsumer<byte[], byte[]> rows;
  private final CountDownLatch ended = new CountDownLatch(1);
  private final CompletableFuture<Void> failure = new CompletableFuture<>();

  private StreamsJob(Configuration settings, InstantSource clock) {
    Map<String, Object> client = settings.streams().kafka().clientProperties();
    this.group = settings.streams().kafka().groupId();
    this.transactions = settings.streams().kafka().topics().transactions();
    this.rowsTopic = rowsTopic(group);
    createRowsTopic(client);
    this.accounts = BareLoop.accounts(settings.database());
    this.database = Database.open(settings.streams().writes());
    try {
      this.directory = Files.createTempDirectory("spendwatch-kafka-streams");
    } catch (IOException e) {
      throw new OperatorException("no directory for the store: " + e.getMessage(), e);
    }
    this.streams =
        new KafkaStreams(
            topology(settings.streams().kafka().topics().alerts(), clock), properties(client));
    streams.setUncaughtExceptionHandler(
        e -> {
          failure.completeExceptionally(e);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    this.rows =
        new KafkaConsumer<>(
            rowsConsumer(client), new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /**
   * Connects, and reads all balances. Blocks.
   *
   * @param settings which servers, topics and group
   */
  public static StreamsJob open(Configuration settings, InstantSource clock) {
    return new StreamsJob(settings, clock);
  }

  /** The topic of the rows of a group, and that of its consumers. */
  public static String rowsTopic(String group) {
    return group + "-rows";
  }

  /** The topics that the job of a group makes for itself. */
  public static List<String> ownTopics(String group) {
    return List.of(rowsTopic(group), group + "-" + STORE + "-changelog");
  }

  /**
   * Goes on until it is closed; the rows on this thread.
   *
   * @throws OperatorException if a server refuses, or a record is not what it can take
   */
  public void run() {
    try (rows) {
      writeRows();
    } catch (WakeupException e) {
      // It is being closed.
    } finally {
      ended.countDown();
    }
  }

  private void writeRows() {
    streams.start();
    rows.subscribe(List.of(rowsTopic));
    CompletableFuture<Void> written = CompletableFuture.completedFuture(null);
    Map<TopicPartition, OffsetAndMetadata> inWriting = Map.of();
    long endsCommittedNanos = System.nanoTime();
    while (true) {
      var batch = new BareBatch(System.nanoTime());
      Map<TopicPartition, OffsetAndMetadata> read = new HashMap<>();
      for (ConsumerRecord<byte[], byte[]> record : rows.poll(POLL)) {
        StreamsRow row = StreamsRow.decode(record.value());
        batch.add(
            new TopicPartition(transactions, row.partition()),
            row.offset(),
            row.transaction(),
            row.exposureMinor(),
            row.balanceMinor(),
            row.balanceVersion());
        read.put(
            new TopicPartition(record.topic(), record.partition()),
            new OffsetAndMetadata(record.offset() + 1));
      }
      if (failure.isCompletedExceptionally()) {
        throw cannotGoOn(failure.exceptionNow());
      }
      if (read.isEmpty() && written.isDone() && inWriting.isEmpty()) {
        // All that was read is written: markers of transactions after it are behind it, too.
        if (System.nanoTime() - endsCommittedNanos > COMMIT_AT_REST.toNanos()) {
          rows.commitAsync();
          endsCommittedNanos = System.nanoTime();
        }
        continue;
      }
      // One statement at a time, while the next batch is read.
      if (!read.isEmpty() || written.isDone()) {
        commit(written, inWriting);
        inWriting = read;
        written =
            read.isEmpty()
                ? CompletableFuture.completedFuture(null)
                : database
                    .execute(BareLoop.INSERT, batch.parameters(System.currentTimeMillis()))
                    .<Void>thenApply(_ -> null)
                    .toCompletableFuture();
      }
    }
  }

  private void commit(
      CompletableFuture<Void> written, Map<TopicPartition, OffsetAndMetadata> offsets) {
    try {
      written.join();
    } catch (CompletionException e) {
      throw cannotGoOn(e.getCause());
    }
    if (!offsets.isEmpty()) {
      rows.commitAsync(offsets, null);
    }
  }

  private static OperatorException cannotGoOn(Throwable why) {
    return new OperatorException("the Kafka Streams job cannot go on: " + why.getMessage(), why);
  }

  private Topology topology(String alerts, InstantSource clock) {
    ProcessorSupplier<String, byte[], String, byte[]> exposure = () -> new Exposure(alerts, clock);
    return new Topology()
        .addSource(
            transactions,
            Serdes.String().deserializer(),
            Serdes.ByteArray().deserializer(),
            transactions)
        .addProcessor("exposure", exposure, transactions)
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore(STORE), Serdes.String(), Serdes.ByteArray())
                .withCachingEnabled(),
            "exposure")
        .addSink(
            alerts,
            alerts,
            Serdes.String().serializer(),
            Serdes.ByteArray().serializer(),
            "exposure")
        .addSink(
            rowsTopic,
            rowsTopic,
            Serdes.String().serializer(),
            Serdes.ByteArray().serializer(),
            "exposure");
  }

  /** Of one partition. */
  private final class Exposure extends ContextualProcessor<String, byte[], String, byte[]> {
    private final String alerts;
    private final InstantSource clock;
    private KeyValueStore<String, byte[]> store;

    Exposure(String alerts, InstantSource clock) {
      this.alerts = alerts;
      this.clock = clock;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      super.init(context);
      store = context.getStateStore(STORE);
    }

    @Override
    public void process(Record<String, byte[]> record) {
      RecordMetadata from = context().recordMetadata().orElseThrow();
      Transaction transaction = decode(record);
      BareUser account = accounts.get(record.key());
      if (account == null) {
        throw new OperatorException("user " + record.key() + " has no account");
      }
      var user = new BareUser(account.balanceMinor, account.balanceVersion);
      byte[] state = store.get(record.key());
      if (state != null) {
        user.restore(state);
      }
      long exposureMinor = user.add(transaction.eventTimeMs(), transaction.signedAmountMinor());
      BareUser.Change change = user.change(transaction);
      store.put(record.key(), user.state());
      var row =
          new StreamsRow(
              from.partition(),
              from.offset(),
              transaction,
              exposureMinor,
              user.balanceMinor,
              user.balanceVersion);
      context().forward(record.withValue(row.encode()), rowsTopic);
      if (change != null) {
        var source = new Alert.Source(from.topic(), from.partition(), from.offset());
        Alert alert = user.alert(change, transaction, source, clock.millis());
        context()
            .forward(
                new Record<>(
                    record.key(),
                    AlertCodec.encode(alert),
                    record.timestamp(),
                    AlertCodec.headers(alert)),
                alerts);
      }
    }

    private static Transaction decode(Record<String, byte[]> record) {
      byte[] key = Serdes.String().serializer().serialize("", record.key());
      return switch (TransactionCodec.decode(key, record.value(), Long.MAX_VALUE)) {
        case Valid<Transaction>(Transaction valid) -> valid;
        case Rejected<Transaction>(var reason, String message) ->
            throw new OperatorException("a record: " + reason + ", " + message);
      };
    }
  }

  private Properties properties(Map<String, Object> client) {
    var properties = new Properties();
    properties.putAll(client);
    properties.put(StreamsConfig.APPLICATION_ID_CONFIG, group);
    properties.put(StreamsConfig.STATE_DIR_CONFIG, directory.toString());
    properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, THREADS);
    properties.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE_BYTES);
    properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), ROWS_MAX);
    properties.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    properties.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), BATCH_BYTES);
    return properties;
  }

  private Map<String, Object> rowsConsumer(Map<String, Object> client) {
    Map<String, Object> properties =
        new HashMap<>(
            Map.of(
                ConsumerConfig.GROUP_ID_CONFIG,
                rowsTopic,
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                false,
                ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                "earliest",
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                2 * ROWS_MAX));
    properties.putAll(client);
    return properties;
  }

  private void createRowsTopic(Map<String, Object> client) {
    try (Admin admin = Admin.create(client)) {
      int partitions =
          admin
              .describeTopics(List.of(transactions))
              .topicNameValues()
              .get(transactions)
              .get()
              .partitions()
              .size();
      var _ =
          admin.createTopics(List.of(new NewTopic(rowsTopic, partitions, (short) -1))).all().get();
    } catch (ExecutionException e) {
      throw new OperatorException("Kafka: " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }

  /** Leaves its groups, so that they can be removed. For any thread. */
  @Override
  public void close() {
    rows.wakeup();
    boolean _ =
        streams.close(
            CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                .withTimeout(CLOSE));
    try {
      boolean _ = ended.await(CLOSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var _ = database.close();
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.toList().reversed()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
