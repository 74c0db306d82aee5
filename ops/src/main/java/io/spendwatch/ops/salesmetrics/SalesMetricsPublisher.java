package io.spendwatch.ops.salesmetrics;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.protocol.SalesMetrics;
import io.spendwatch.protocol.SalesMetricsCodec;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * Publishes each row of {@code minute_sales} that has changed, as it is now, until all are in the
 * topic as they are.
 *
 * <pre>
 *   begin with the group's transactional id ─▶ read what is due ─▶ one Kafka transaction ─▶ note how far
 *                                                    ▲─────────────────────────────────────────┘
 * </pre>
 *
 * <p>A record never follows a newer one of its key, whoever published that: the broker refuses a
 * producer once a later one has begun with the same transactional id, and each reads what is due
 * only after it has begun. Whatever crashes when, what has not been noted is published again, as it
 * is then. For one thread at a time. Throws {@link OperatorException} where Kafka or PostgreSQL
 * fails; what is due is due still.
 */
public final class SalesMetricsPublisher implements AutoCloseable {
  private static final Duration CLOSE_MAX = Duration.ofSeconds(1);

  private final SalesMetricsTable table;
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final String topic;
  private final String node;
  private final String servers;
  private final SalesMetricsConfig config;
  private Optional<Producer<byte[], byte[]>> producer = Optional.empty();

  /**
   * Does nothing yet.
   *
   * @param database may keep roll-ups
   */
  public SalesMetricsPublisher(Statements database, KafkaConfig kafka, SalesMetricsConfig config) {
    this(
        database, kafka, config, () -> new KafkaProducer<>(kafka.salesMetricsProducerProperties()));
  }

  /**
   * @param producers makes one with the transactional id of {@code kafka}, not initialised
   */
  SalesMetricsPublisher(
      Statements database,
      KafkaConfig kafka,
      SalesMetricsConfig config,
      Supplier<Producer<byte[], byte[]>> producers) {
    this.table = new SalesMetricsTable(database);
    this.producers = producers;
    this.topic = kafka.topics().salesMetrics();
    this.node = kafka.nodeId();
    this.servers = kafka.bootstrapServers();
    this.config = config;
  }

  /** From now on there is something to publish: what is stored is counted by the roll-ups. */
  public void begin() {
    table.begin();
  }

  /**
   * Publishes what is due, if it is this node's turn.
   *
   * @param goesOn asked before each further Kafka transaction
   * @return how many records are in the topic since
   */
  public long publish(BooleanSupplier goesOn) {
    long published = 0;
    do {
      if (!table.take(node, config.lease())) {
        closeProducer();
        return published;
      }
      Producer<byte[], byte[]> connected = connected();
      List<SalesMetrics> due = table.due(config.recordsAtOnce());
      if (due.isEmpty()) {
        table.deleteDropped(config.recordsAtOnce());
        return published;
      }
      send(connected, due);
      table.published(due.getLast().revision());
      published += due.size();
    } while (goesOn.getAsBoolean());
    return published;
  }

  /** For how long the oldest change waits. */
  public Duration waiting() {
    return table.waiting();
  }

  /** Whoever began before cannot commit any more. */
  private Producer<byte[], byte[]> connected() {
    return producer.orElseGet(
        () -> {
          try {
            Producer<byte[], byte[]> fresh = producers.get();
            producer = Optional.of(fresh);
            fresh.initTransactions();
            return fresh;
          } catch (KafkaException e) {
            throw failure(e);
          }
        });
  }

  private void send(Producer<byte[], byte[]> connected, List<SalesMetrics> due) {
    try {
      connected.beginTransaction();
      for (SalesMetrics metrics : due) {
        // The commit fails where one of them did.
        var _ =
            connected.send(
                new ProducerRecord<>(
                    topic, SalesMetricsCodec.key(metrics), SalesMetricsCodec.encode(metrics)));
      }
      connected.commitTransaction();
    } catch (KafkaException e) {
      throw failure(e);
    }
  }

  /** What it left open, the next one to begin ends. */
  private OperatorException failure(KafkaException e) {
    closeProducer();
    Throwable root = Retry.root(e);
    String what = root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    return new OperatorException("Kafka at " + servers + ": " + what, e);
  }

  private void closeProducer() {
    producer.ifPresent(open -> open.close(CLOSE_MAX));
    producer = Optional.empty();
  }

  /** Ends its turn, so that another one's begins at once. */
  @Override
  public void close() {
    closeProducer();
    table.give(node);
  }
}
