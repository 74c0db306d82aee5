package io.spendwatch.ops.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.capture.BalanceClock;
import io.spendwatch.streams.capture.Captured;
import io.spendwatch.streams.capture.Captured.OfBalance;
import io.spendwatch.streams.capture.Captured.OfTransaction;
import io.spendwatch.streams.capture.Captured.PutAside;
import io.spendwatch.streams.capture.Change;
import io.spendwatch.streams.capture.ChangeMapper;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One walk along the log, from the position that is kept until something fails or it is told to
 * end. It keeps nothing in memory that the next one needs: to begin again is what a crash and a new
 * process would do.
 *
 * <pre>
 *   log ─▶ read-changes ─▶ map-changes ─▶ send ─▶ Kafka has them ─▶ keep-position ─▶ the log may be cleared up to it
 * </pre>
 *
 * <p>So a position is kept only when Kafka has all that comes before it: each change is sent once
 * at least, and again with the same ids. One producer sends all, in the log's order, and Kafka
 * keeps the order of a key. While Kafka is slow, sending waits, reading waits for it, and the
 * database keeps its log. Blocks; for one thread.
 */
final class CaptureSession {
  private static final Logger LOG = LoggerFactory.getLogger(CaptureSession.class);

  /** Of a record, with all tries; a broker that starts again takes less. */
  private static final Duration DELIVERY_MAX = Duration.ofMinutes(2);

  private static final long BUFFER_BYTES = 32L << 20;

  /** More users than that with a balance at one instant: the position is kept at the next one. */
  private static final int CLOCK_USERS_MAX = 1000;

  private final CaptureConfig config;
  private final BusinessDatabase database;
  private final Timekeeper time;
  private final CaptureProgress progress;
  private final BooleanSupplier toldToEnd;
  private final Positions positions;
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private final AtomicReference<SourceRecord> kept = new AtomicReference<>();
  private final InFlight inFlight = new InFlight();

  /** Where reading may go on; empty before the first place. */
  private Map<String, ?> lastPlace = Map.of();

  CaptureSession(
      CaptureConfig config,
      BusinessDatabase database,
      Timekeeper time,
      CaptureProgress progress,
      BooleanSupplier toldToEnd) {
    this.config = config;
    this.database = database;
    this.time = time;
    this.progress = progress;
    this.toldToEnd = toldToEnd;
    this.positions = new Positions(config);
  }

  /**
   * Captures until it is told to end.
   *
   * @param snapshot whether to send all rows first, whatever was captured before
   * @param onBegun is told once the log is being read
   * @throws OperatorException if somebody must act
   * @throws MisfitException if mapping and database do not fit
   * @throws Exception what a server that is away makes its client say: to be tried again
   */
  void run(boolean snapshot, Runnable onBegun) throws Exception {
    positions.prepareTopics();
    requireFit();
    Position from = snapshot ? new Position.None() : positions.read();
    try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(producerProperties())) {
      try {
        walk(producer, begin(producer, from, snapshot), onBegun);
      } finally {
        // What is still on its way is sent again by the next session.
        producer.close(Duration.ZERO);
        progress.sessionEnded();
      }
    }
  }

  /**
   * Checks the mapping against the database.
   *
   * @throws MisfitException naming all that does not fit
   */
  void requireFit() throws SQLException {
    List<String> misfits =
        new ArrayList<>(config.mapping().misfits(database.schema(config.mapping().tables())));
    misfits.addAll(database.misfitsOfLog(config.mapping().tablesThatNeedFormerRows()));
    if (!misfits.isEmpty()) {
      throw new MisfitException(String.join("; ", misfits));
    }
  }

  /** Where to go on. A snapshot is begun where nothing was captured, or it is asked for: only. */
  private Position begin(
      KafkaProducer<byte[], byte[]> producer, Position from, boolean snapshotIsAskedFor)
      throws SQLException, InterruptedException, ExecutionException, TimeoutException {
    switch (from) {
      case Position.InLog(Map<String, Object> offset, _, Set<String> tables) -> {
        requireKnown(tables);
        database.requireLog(config, offset);
      }
      case Position.None _ -> beginSnapshot(producer, snapshotIsAskedFor);
      case Position.InSnapshot _ -> beginSnapshot(producer, true);
    }
    return from;
  }

  /** Of a table that is new in the mapping, rows of before would never be sent. */
  private void requireKnown(Set<String> tables) {
    Set<String> added = new TreeSet<>(config.mapping().tables());
    added.removeAll(tables);
    if (!added.isEmpty()) {
      throw new OperatorException(
          "new in the mapping: "
              + String.join(", ", added)
              + ". `capture --snapshot` sends the rows that are there (those of the other tables, sent"
              + " before, count once); or give the new tables a capture of their own, with another"
              + " name");
    }
  }

  private void beginSnapshot(KafkaProducer<byte[], byte[]> producer, boolean expected)
      throws SQLException, InterruptedException, ExecutionException, TimeoutException {
    database.beginAnew(config, expected);
    var _ =
        producer
            .send(positions.record(new Position.InSnapshot()))
            .get(DELIVERY_MAX.toSeconds(), TimeUnit.SECONDS);
    LOG.atInfo()
        .addKeyValue("tables", String.join(",", config.mapping().tables()))
        .log("Begins with a snapshot");
  }

  private void walk(KafkaProducer<byte[], byte[]> producer, Position from, Runnable onBegun)
      throws Exception {
    Map<String, Object> offset = from instanceof Position.InLog(var place, _, _) ? place : null;
    BalanceClock clock =
        new BalanceClock(
            from instanceof Position.InLog(_, var state, _) ? state : BalanceClock.State.INITIAL);
    lastPlace = offset == null ? Map.of() : offset;
    ChangeReader reader = new ChangeReader(database);
    ChangeMapper mapper = new ChangeMapper(config.mapping(), clock);
    SourceTask task = database.task();
    task.initialize(new KeptOffset(SessionSettings.of(config, database), offset));
    task.start(SessionSettings.of(config, database));
    try {
      onBegun.run();
      long keptAtNanos = time.nanoTime();
      while (!toldToEnd.getAsBoolean()) {
        List<SourceRecord> records = task.poll();
        if (records != null && !records.isEmpty()) {
          send(producer, records, reader, mapper, clock);
        }
        throwFailure();
        long now = time.nanoTime();
        if (now - keptAtNanos >= config.positionInterval().toNanos() && keepPosition(producer)) {
          keptAtNanos = now;
        }
        release(task);
      }
      // What was read is worth waiting for a moment: the next start has less to send again.
      producer.flush();
      throwFailure();
      boolean _ = keepPosition(producer);
      producer.flush();
      release(task);
    } finally {
      task.stop();
    }
  }

  private void send(
      KafkaProducer<byte[], byte[]> producer,
      List<SourceRecord> records,
      ChangeReader reader,
      ChangeMapper mapper,
      BalanceClock clock) {
    var batch = new InFlight.Batch();
    for (SourceRecord record : records) {
      Optional<Change> change = reader.change(record);
      if (database.isExact(record.sourceOffset(), change.isEmpty(), lastPlace)) {
        batch.upTo(record);
        lastPlace = record.sourceOffset();
      }
      if (change.isEmpty()) {
        continue;
      }
      progress.read(change.get().at().commitMs());
      for (Captured captured : mapper.map(change.get())) {
        send(producer, captured, batch);
      }
    }
    inFlight.add(
        batch, clock.users() <= CLOCK_USERS_MAX ? Optional.of(clock.state()) : Optional.empty());
  }

  private void send(
      KafkaProducer<byte[], byte[]> producer, Captured captured, InFlight.Batch batch) {
    batch.sent();
    progress.sent();
    var _ =
        producer.send(
            record(captured, config.kafka().topics()),
            (_, e) -> {
              if (e != null) {
                failure.compareAndSet(null, e);
                return;
              }
              switch (captured) {
                case OfTransaction _ -> progress.acknowledgedTransaction();
                case OfBalance _ -> progress.acknowledgedBalance();
                case PutAside _ -> progress.acknowledgedLetter();
              }
              batch.acknowledged();
            });
  }

  private static ProducerRecord<byte[], byte[]> record(Captured captured, Topics topics) {
    return switch (captured) {
      case OfTransaction(var transaction) ->
          new ProducerRecord<>(
              topics.transactions(),
              transaction.userId().getBytes(UTF_8),
              TransactionCodec.encode(transaction));
      case OfBalance(var balance) ->
          new ProducerRecord<>(
              topics.balances(), balance.userId().getBytes(UTF_8), BalanceCodec.encode(balance));
      case PutAside letter -> letter(letter, topics);
    };
  }

  /** Its source is the table, and the place in the log. */
  private static ProducerRecord<byte[], byte[]> letter(PutAside letter, Topics topics) {
    var source =
        new ConsumerRecord<>(
            letter.table(),
            0,
            letter.at().offset(),
            letter.at().commitMs(),
            TimestampType.CREATE_TIME,
            ConsumerRecord.NULL_SIZE,
            ConsumerRecord.NULL_SIZE,
            letter.userId().map(id -> id.getBytes(UTF_8)).orElse(null),
            letter.value().getBytes(UTF_8),
            new RecordHeaders(),
            Optional.empty());
    String topic =
        switch (letter.kind()) {
          case TRANSACTIONS -> topics.transactionsDeadLetters();
          case BALANCES -> topics.balancesDeadLetters();
        };
    return DeadLetters.of(
        source, topic, letter.reason(), letter.message() + " (" + letter.at().text() + ")");
  }

  private void throwFailure() throws Exception {
    Exception failed = failure.get();
    if (failed != null) {
      throw failed;
    }
  }

  /** Keeps the place up to which Kafka has everything. Answers whether there was anything to do. */
  private boolean keepPosition(KafkaProducer<byte[], byte[]> producer) {
    Optional<InFlight.Batch> done = inFlight.takeDone();
    if (done.isEmpty()) {
      return false;
    }
    SourceRecord last = done.get().place().orElseThrow();
    Map<String, Object> offset = new HashMap<>(last.sourceOffset());
    if (isWithinSnapshot(offset)) {
      return false;
    }
    var _ =
        producer.send(
            positions.record(
                new Position.InLog(
                    offset, done.get().clock().orElseThrow(), config.mapping().tables())),
            (_, e) -> {
              if (e == null) {
                kept.set(last);
                progress.positionKept(time.millis());
              } else {
                failure.compareAndSet(null, e);
              }
            });
    return true;
  }

  /** A snapshot that is interrupted is begun anew. */
  private static boolean isWithinSnapshot(Map<String, Object> offset) {
    return offset.get("snapshot") != null && !Boolean.TRUE.equals(offset.get("snapshot_completed"));
  }

  /** Tells the server up to where it need not keep its log for us. */
  private void release(SourceTask task) throws InterruptedException {
    SourceRecord place = kept.getAndSet(null);
    if (place != null) {
      task.commitRecord(place, null);
      task.commit();
    }
  }

  private Map<String, Object> producerProperties() {
    Map<String, Object> properties = new HashMap<>();
    int deliveryMs = Math.toIntExact(DELIVERY_MAX.toMillis());
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    properties.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4");
    properties.put(ProducerConfig.BATCH_SIZE_CONFIG, 64 << 10);
    properties.put(ProducerConfig.BUFFER_MEMORY_CONFIG, BUFFER_BYTES);
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, deliveryMs);
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 15_000);
    properties.putAll(config.kafka().clientProperties());
    properties.putAll(config.kafka().partitioner().producerProperties());
    // The guarantees rest on these.
    properties.put(ProducerConfig.CLIENT_ID_CONFIG, config.kafka().nodeId());
    properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    properties.put(ProducerConfig.ACKS_CONFIG, "all");
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, deliveryMs);
    properties.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    properties.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
    return properties;
  }
}
