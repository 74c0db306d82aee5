package io.spendwatch.ops.lab.bench.load;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.workload.Scenario;
import io.spendwatch.loadgen.workload.Workload;
import io.spendwatch.loadgen.workload.WorkloadSettings;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ObjLongConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A {@link Workload} on its way to a topic: each record once and in order, so that the bare loop
 * can take it too. For one thread at a time.
 */
public final class Traffic implements AutoCloseable {
  /** All whose records come in order. */
  private static final List<Scenario> SCENARIOS =
      List.copyOf(EnumSet.complementOf(EnumSet.of(Scenario.LATE_REVEAL)));

  private static final double REFUND_SHARE = 0.05;

  private final KafkaProducer<byte[], byte[]> producer;
  private final String topic;
  private final WorkloadSettings settings;
  private final Workload workload;
  private final ObjLongConsumer<KnownAlert> expected;
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private long sent;
  private long behindNanosMax;

  /**
   * Connects with the first record.
   *
   * @param expected told of each alert that must come, and when its record is due by {@link
   *     System#nanoTime()}, before that is sent
   */
  public Traffic(
      Map<String, Object> client,
      String topic,
      WorkloadSettings settings,
      ObjLongConsumer<KnownAlert> expected) {
    Map<String, Object> properties =
        new HashMap<>(Map.of("linger.ms", 2, "batch.size", 64 * 1024, "compression.type", "lz4"));
    properties.putAll(client);
    properties.put("acks", "all");
    properties.put("enable.idempotence", true);
    this.producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    this.topic = topic;
    this.settings = settings;
    this.workload = new Workload(settings);
    this.expected = expected;
  }

  /**
   * Uniform users, and scenarios.
   *
   * @param run begins all ids
   * @param scenariosPerSecond of the time by which records are due
   */
  public static WorkloadSettings settings(
      String run, long seed, int users, double scenariosPerSecond) {
    return new WorkloadSettings(
        run,
        seed,
        "USD",
        WorkloadSettings.Users.uniform(users),
        WorkloadSettings.Disorder.NONE,
        0,
        REFUND_SHARE,
        new WorkloadSettings.Scenarios(SCENARIOS, scenariosPerSecond));
  }

  /** Sends one purchase of each background user, all at one instant. */
  public void touchUsers(long atMs) {
    Iterator<Balance> users = workload.accounts(atMs).limit(settings.users().count()).iterator();
    while (users.hasNext()) {
      String userId = users.next().userId();
      send(
          userId.getBytes(StandardCharsets.UTF_8),
          TransactionCodec.encode(
              new Transaction(
                  "touch-" + userId,
                  userId,
                  1,
                  settings.currency(),
                  atMs,
                  TransactionKind.PURCHASE,
                  null,
                  null)));
    }
  }

  /** Sends records as fast as Kafka takes them, as if they had come a millisecond apart. */
  public void sendPast(long records, long fromMs) {
    for (long i = 0; i < records; i++) {
      send(fromMs + i, System.nanoTime());
    }
  }

  /** Sends records that happen now, as fast as Kafka takes them. */
  public void burst(long records) {
    for (long i = 0; i < records; i++) {
      send(System.currentTimeMillis(), System.nanoTime());
    }
  }

  /**
   * Sends the next record.
   *
   * @param dueMs its event time; not before the one before it
   * @param dueNanos the same instant by {@link System#nanoTime()}
   */
  public void send(long dueMs, long dueNanos) {
    behindNanosMax = Math.max(behindNanosMax, System.nanoTime() - dueNanos);
    Workload.Outgoing next = workload.next(dueMs);
    if (next.alert() != null) {
      expected.accept(next.alert(), dueNanos);
    }
    send(next.key(), next.value());
  }

  private void send(byte[] key, byte[] value) {
    sent++;
    var _ =
        producer.send(
            new ProducerRecord<>(topic, key, value),
            (_, failed) -> {
              if (failed != null) {
                failure.compareAndSet(null, failed);
              }
            });
  }

  /** How many records so far. */
  public long sent() {
    return sent;
  }

  /** How late a record was handed to the producer at most since this was last asked for. */
  public double behindMillisMax() {
    double millis = behindNanosMax / (double) TimeUnit.MILLISECONDS.toNanos(1);
    behindNanosMax = 0;
    return millis;
  }

  /**
   * Waits until all of them are in Kafka.
   *
   * @throws OperatorException if one is not
   */
  public void flush() {
    producer.flush();
    if (failure.get() != null) {
      throw new OperatorException(
          "Kafka did not take a transaction: " + failure.get().getMessage(), failure.get());
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
