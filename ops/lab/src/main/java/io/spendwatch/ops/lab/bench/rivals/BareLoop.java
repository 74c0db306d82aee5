package io.spendwatch.ops.lab.bench.rivals;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.Decoded.Rejected;
import io.spendwatch.protocol.Decoded.Valid;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.SqlText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The floor that a node is measured against: the least that does the same job durably, in one loop.
 *
 * <pre>
 *   poll ─▶ decode ─▶ hash map of users: exact sum, balance ─▶ INSERT ─▶ durable ─▶ alerts acknowledged ─▶ commit offsets
 * </pre>
 *
 * No actors, no late review, no duplicates, no dead letters, no balances but those at its start, no
 * episodes that end between two records, no second instance, nothing exactly once: after a crash
 * alerts come twice. Records must come in order, of users with accounts. Its bounds are constants,
 * and not settings, because it is a reference: these measured best on two cores, for a backlog and
 * for a steady rate alike.
 */
public final class BareLoop implements AutoCloseable {
  /** PostgreSQL does two thirds of the work: more connections only wait for its processors. */
  private static final int STATEMENTS_MAX = 2;

  /** So many rows are worth a statement while a connection is free ... */
  private static final int ROWS = 500;

  /** ... or fewer, once the first of them has waited for so long. */
  private static final Duration GATHER = Duration.ofMillis(10);

  /** Beyond it nothing is read until a connection is free. A poll adds as many at most. */
  private static final int ROWS_MAX = 2_000;

  private static final int FETCH_BYTES_MIN = 4096;
  private static final int FETCH_WAIT_MAX_MS = 5;
  private static final int ACCOUNTS_AT_ONCE = 10_000;
  static final String INSERT = SqlText.load(BareLoop.class, "insert_transactions");

  private final InstantSource clock;
  private final String transactions;
  private final String alerts;
  private final Map<String, BareUser> users;
  private final Database database;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Semaphore statements = new Semaphore(STATEMENTS_MAX);
  private final Deque<Written> unfinished = new ArrayDeque<>();

  /** The next alerts follow these: a user's are in the order of the rows. */
  private CompletableFuture<Produced> lastProduced =
      CompletableFuture.completedFuture(new Produced(CompletableFuture.completedFuture(null)));

  /** Alerts that the producer has. */
  private record Produced(CompletableFuture<Void> acknowledged) {}

  /**
   * A batch on its way.
   *
   * @param done its rows are durable and its alerts acknowledged, and those of all before it
   */
  private record Written(BareBatch batch, CompletableFuture<Void> done) {}

  private BareLoop(Configuration settings, InstantSource clock) {
    this.clock = clock;
    this.transactions = settings.streams().kafka().topics().transactions();
    this.alerts = settings.streams().kafka().topics().alerts();
    this.users = accounts(settings.database());
    this.database = Database.open(settings.streams().writes());
    Map<String, Object> client = settings.streams().kafka().clientProperties();
    this.consumer = consumer(client, settings.streams().kafka().groupId());
    this.producer = producer(client);
  }

  /**
   * Connects, and reads all balances. Blocks.
   *
   * @param settings which servers, topics and group
   */
  public static BareLoop open(Configuration settings, InstantSource clock) {
    return new BareLoop(settings, clock);
  }

  /**
   * Goes on for ever on this thread, with all partitions.
   *
   * @throws OperatorException if a server refuses, or a record is not what it can take
   */
  public void run() {
    // Of a topic of its own: nobody else has its partitions, so no group need agree on it.
    List<TopicPartition> all =
        consumer.partitionsFor(transactions).stream()
            .map(info -> new TopicPartition(transactions, info.partition()))
            .toList();
    consumer.assign(all);
    // Asks for the topic's leaders now, not on the event loop that has the first alert.
    var _ = producer.partitionsFor(alerts);
    var gathering = new BareBatch(System.nanoTime());
    while (true) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(GATHER)) {
        if (gathering.rows() == 0) {
          gathering = new BareBatch(System.nanoTime());
        }
        assess(record, gathering);
      }
      commit();
      if (isDue(gathering)) {
        write(gathering);
        gathering = new BareBatch(System.nanoTime());
      }
    }
  }

  private void assess(ConsumerRecord<byte[], byte[]> from, BareBatch batch) {
    Transaction transaction =
        switch (TransactionCodec.decode(from.key(), from.value(), Long.MAX_VALUE)) {
          case Valid<Transaction>(Transaction valid) -> valid;
          case Rejected<Transaction>(var reason, String message) ->
              throw new OperatorException(
                  String.format(
                      Locale.ROOT,
                      "offset %d of %s: %s, %s",
                      from.offset(),
                      from.topic(),
                      reason,
                      message));
        };
    BareUser user = users.get(transaction.userId());
    if (user == null) {
      throw new OperatorException("user " + transaction.userId() + " has no account");
    }
    long exposureMinor = user.add(transaction.eventTimeMs(), transaction.signedAmountMinor());
    batch.add(
        new TopicPartition(from.topic(), from.partition()),
        from.offset(),
        transaction,
        exposureMinor,
        user.balanceMinor,
        user.balanceVersion);
    BareUser.Change change = user.change(transaction);
    if (change != null) {
      var source = new Alert.Source(from.topic(), from.partition(), from.offset());
      batch.add(user.alert(change, transaction, source, clock.millis()));
    }
  }

  /** Takes a connection for it, if it is time. */
  private boolean isDue(BareBatch batch) {
    if (batch.rows() >= ROWS_MAX) {
      statements.acquireUninterruptibly();
      return true;
    }
    boolean ready =
        batch.rows() >= ROWS
            || (batch.rows() > 0 && System.nanoTime() - batch.begunNanos() >= GATHER.toNanos());
    return ready && statements.tryAcquire();
  }

  private void write(BareBatch batch) {
    CompletableFuture<Void> durable =
        database
            .execute(INSERT, batch.parameters(clock.millis()))
            .<Void>thenApply(_ -> null)
            .toCompletableFuture()
            .whenComplete((_, _) -> statements.release());
    CompletableFuture<Produced> produced =
        durable.thenCombine(lastProduced, (_, _) -> produce(batch.alerts()));
    lastProduced = produced;
    CompletableFuture<Void> before =
        unfinished.isEmpty()
            ? CompletableFuture.completedFuture(null)
            : unfinished.getLast().done();
    unfinished.add(
        new Written(
            batch,
            produced.thenCompose(Produced::acknowledged).thenCombine(before, (_, _) -> null)));
  }

  private Produced produce(List<Alert> raised) {
    return new Produced(
        CompletableFuture.allOf(
            raised.stream().map(this::produce).toArray(CompletableFuture<?>[]::new)));
  }

  private CompletableFuture<Void> produce(Alert alert) {
    var acknowledged = new CompletableFuture<Void>();
    var _ =
        producer.send(
            new ProducerRecord<>(
                alerts,
                null,
                alert.userId().getBytes(UTF_8),
                AlertCodec.encode(alert),
                AlertCodec.headers(alert)),
            (_, failure) -> {
              if (failure == null) {
                acknowledged.complete(null);
              } else {
                acknowledged.completeExceptionally(failure);
              }
            });
    return acknowledged;
  }

  /** Of what is done by now. */
  private void commit() {
    Map<TopicPartition, OffsetAndMetadata> ends = new HashMap<>();
    while (!unfinished.isEmpty() && unfinished.getFirst().done().isDone()) {
      Written written = unfinished.removeFirst();
      try {
        written.done().join();
      } catch (CompletionException e) {
        throw new OperatorException(
            "the bare loop cannot go on: " + e.getCause().getMessage(), e.getCause());
      }
      ends.putAll(written.batch().ends());
    }
    if (!ends.isEmpty()) {
      consumer.commitAsync(ends, null);
    }
  }

  /** All users with an account, without a transaction yet. */
  static Map<String, BareUser> accounts(PostgresAddress address) {
    Map<String, BareUser> users = new HashMap<>();
    try (Connection connection = address.connect("spendwatch-bare-loop");
        Statement statement = connection.createStatement()) {
      // Else the driver reads all of them at once.
      connection.setAutoCommit(false);
      statement.setFetchSize(ACCOUNTS_AT_ONCE);
      try (ResultSet rows =
          statement.executeQuery(
              "SELECT user_id, balance_minor, balance_version FROM spendwatch.accounts")) {
        while (rows.next()) {
          users.put(rows.getString(1), new BareUser(rows.getLong(2), rows.getLong(3)));
        }
      }
    } catch (SQLException e) {
      throw new OperatorException(address + ": " + e.getMessage(), e);
    }
    return users;
  }

  private static KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> client, String group) {
    Map<String, Object> properties =
        new HashMap<>(
            Map.of(
                "group.id", group,
                "enable.auto.commit", false,
                "auto.offset.reset", "earliest",
                "isolation.level", "read_committed",
                "max.poll.records", ROWS_MAX,
                "fetch.min.bytes", FETCH_BYTES_MIN,
                "fetch.max.wait.ms", FETCH_WAIT_MAX_MS));
    properties.putAll(client);
    return new KafkaConsumer<>(
        properties, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> client) {
    Map<String, Object> properties =
        new HashMap<>(Map.of("acks", "all", "enable.idempotence", true, "linger.ms", 0));
    properties.putAll(client);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public void close() {
    consumer.close();
    producer.close();
    var _ = database.close();
  }
}
