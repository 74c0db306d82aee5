package io.spendwatch.ops.capture.walk;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.Position;
import io.spendwatch.ops.capture.source.BusinessDatabase;
import io.spendwatch.ops.capture.source.ChangeReader;
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
import io.spendwatch.streams.capture.ChangeMapper;
import io.spendwatch.streams.capture.change.Change;
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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * The topics that nodes read. A position is kept only when Kafka has all that comes before it: each
 * change is sent once at least, and again with the same ids. One producer sends all, in the log's
 * order, and Kafka keeps the order of a key. While Kafka is slow, sending waits.
 */
final class KafkaDestination implements Destination {
  /** Of a record, with all tries; a broker that starts again takes less. */
  private static final Duration DELIVERY_MAX = Duration.ofMinutes(2);

  private static final long BUFFER_BYTES = 32L << 20;

  private final CaptureConfig config;
  private final BusinessDatabase database;
  private final Timekeeper time;
  private final CaptureProgress progress;
  private final ChangeReader reader;
  private final Positions positions;
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private final AtomicReference<SourceRecord> kept = new AtomicReference<>();
  private final InFlight inFlight = new InFlight();
  private KafkaProducer<byte[], byte[]> producer;
  private BalanceClock clock = new BalanceClock(BalanceClock.State.INITIAL);
  private ChangeMapper mapper;
  private Optional<InFlight.Batch> gathered = Optional.empty();
  private long keptAtNanos;

  KafkaDestination(
      CaptureConfig config, BusinessDatabase database, Timekeeper time, CaptureProgress progress) {
    this.config = config;
    this.database = database;
    this.time = time;
    this.progress = progress;
    this.reader = new ChangeReader(database);
    this.positions = new Positions(config);
    this.mapper = new ChangeMapper(config.mapping(), clock);
  }

  @Override
  public void open() throws ExecutionException, InterruptedException, TimeoutException {
    positions.prepareTopics();
    producer = new KafkaProducer<>(producerProperties());
  }

  @Override
  public List<String> misfits() throws SQLException {
    List<String> misfits =
        new ArrayList<>(config.mapping().misfits(database.schema(config.mapping().tables())));
    misfits.addAll(database.misfitsOfLog(config.mapping().tablesThatNeedFormerRows()));
    return misfits;
  }

  @Override
  public Position position() {
    return positions.read();
  }

  @Override
  public Set<String> addedSince(Set<String> tables) {
    Set<String> added = new TreeSet<>(config.mapping().tables());
    added.removeAll(tables);
    return added;
  }

  @Override
  public void beginSnapshot() throws InterruptedException, ExecutionException, TimeoutException {
    var _ =
        producer
            .send(positions.record(new Position.InSnapshot()))
            .get(DELIVERY_MAX.toSeconds(), TimeUnit.SECONDS);
  }

  @Override
  public Map<String, String> settings() {
    return Map.of();
  }

  @Override
  public void begin(Position from) {
    if (from instanceof Position.InLog(_, var state, _)) {
      clock = new BalanceClock(state);
      mapper = new ChangeMapper(config.mapping(), clock);
    }
    keptAtNanos = time.nanoTime();
  }

  @Override
  public void take(SourceRecord record, boolean isPlace) {
    InFlight.Batch batch = gathered.orElseGet(InFlight.Batch::new);
    gathered = Optional.of(batch);
    if (isPlace) {
      batch.upTo(record);
    }
    Optional<Change> change = reader.change(record);
    if (change.isEmpty()) {
      return;
    }
    progress.read(change.get().at().commitMs());
    for (Captured captured : mapper.map(change.get())) {
      send(captured, batch);
    }
  }

  @Override
  public void pause() throws Exception {
    gathered.ifPresent(batch -> inFlight.add(batch, clock.state()));
    gathered = Optional.empty();
    throwFailure();
    long now = time.nanoTime();
    if (now - keptAtNanos >= config.positionInterval().toNanos() && keepPosition()) {
      keptAtNanos = now;
    }
  }

  /** What was read is worth waiting for a moment: the next start has less to send again. */
  @Override
  public void finish() throws Exception {
    producer.flush();
    throwFailure();
    boolean _ = keepPosition();
    producer.flush();
  }

  @Override
  public Optional<SourceRecord> takeKept() {
    return Optional.ofNullable(kept.getAndSet(null));
  }

  /** What is still on its way is sent again by the next walk. */
  @Override
  public void close() {
    if (producer != null) {
      producer.close(Duration.ZERO);
    }
  }

  private void send(Captured captured, InFlight.Batch batch) {
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
  private boolean keepPosition() {
    Optional<InFlight.Batch> done = inFlight.takeDone();
    if (done.isEmpty()) {
      return false;
    }
    SourceRecord last = done.get().place().orElseThrow();
    Map<String, Object> offset = new HashMap<>(last.sourceOffset());
    if (Position.isWithinSnapshot(offset)) {
      return false;
    }
    var _ =
        producer.send(
            positions.record(
                new Position.InLog(offset, done.get().clock(), config.mapping().tables())),
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
