package io.spendwatch.ops.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Produces transactions that happen now: most of users who never exceed their balance, and at even
 * distances one of a new user who does, so that what is raised can be timed. For one thread at a
 * time.
 */
final class Injector implements AutoCloseable {
  static final String USER = "user-";
  static final String PROBE = "probe-user-";
  private static final int MERCHANTS = 1_000;
  private static final long AMOUNT_MINOR_MAX = 10_000;
  private static final long SEED = 42;

  private final KafkaProducer<byte[], byte[]> producer;
  private final String topic;
  private final int users;
  private final int probeEvery;
  private final String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
  private final SplittableRandom random = new SplittableRandom(SEED);
  private final AtomicReference<Exception> failure = new AtomicReference<>();
  private long sent;

  /**
   * @param users user-1 to that number, with accounts
   * @param probeEvery every so many transactions one is a probe: of user probe-user-1, -2 and so on
   */
  Injector(Map<String, Object> client, String topic, int users, int probeEvery) {
    Map<String, Object> properties = new HashMap<>(client);
    properties.put("linger.ms", 2);
    properties.put("compression.type", "lz4");
    properties.put("acks", "all");
    this.producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    this.topic = topic;
    this.users = users;
    this.probeEvery = probeEvery;
  }

  /** Sends the next transaction, which was due at this {@link System#nanoTime()}. */
  void send(long dueNanos) {
    sent++;
    boolean probe = sent % probeEvery == 0;
    String userId = probe ? PROBE + sent / probeEvery : USER + (1 + random.nextInt(users));
    var transaction =
        new Transaction(
            probe ? AlertLatency.idDueAt(dueNanos) : run + "-" + sent,
            userId,
            1 + random.nextLong(AMOUNT_MINOR_MAX),
            "USD",
            System.currentTimeMillis(),
            TransactionKind.PURCHASE,
            "m-" + random.nextInt(MERCHANTS),
            null);
    var _ =
        producer.send(
            new ProducerRecord<>(
                topic, userId.getBytes(UTF_8), TransactionCodec.encode(transaction)),
            (_, failed) -> {
              if (failed != null) {
                failure.compareAndSet(null, failed);
              }
            });
  }

  /**
   * Waits until all of them are in Kafka.
   *
   * @throws io.spendwatch.ops.OperatorException if one is not
   */
  void flush() {
    producer.flush();
    if (failure.get() != null) {
      throw new io.spendwatch.ops.OperatorException(
          "Kafka did not take a transaction: " + failure.get().getMessage(), failure.get());
    }
  }

  @Override
  public void close() {
    producer.close();
  }
}
