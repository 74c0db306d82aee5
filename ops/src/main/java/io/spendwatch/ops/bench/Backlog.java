package io.spendwatch.ops.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Transactions that wait in a topic: first one of each user, then of any of them. One in {@value
 * #ALERT_EVERY} is of a user of its own, who has nothing, and raises an alert.
 *
 * @param users with accounts, user-1 to that number
 * @param warmUp how many of them are not measured, at least one for each user
 * @param measured further ones
 */
record Backlog(int users, long warmUp, long measured) {
  /** Balances that nobody exceeds. */
  private static final long BALANCE_MINOR = 1_000_000_000_000_000L;

  private static final int ALERT_EVERY = 1_000;
  private static final int MERCHANTS = 1_000;
  private static final long AMOUNT_MINOR_MAX = 10_000;
  private static final long SEED = 42;
  private static final String USER = "user-";
  private static final String BREACHING = "breaching-";
  private static final String ID = "tx-";
  private static final Duration LOOK = Duration.ofMillis(200);

  long records() {
    return warmUp + measured;
  }

  long alerts() {
    return records() / ALERT_EVERY;
  }

  /** The accounts, and the partitions for all records. */
  List<String> statements(Instant now) {
    return List.of(
        "SELECT spendwatch.ensure_partitions(array_agg(at)) FROM generate_series("
            + "timestamptz '%s', '%s', '1 hour') AS at"
                .formatted(start(now), now.plusSeconds(3600)),
        accounts(USER, users, BALANCE_MINOR, now),
        accounts(BREACHING, alerts(), 0, now),
        "ANALYZE spendwatch.accounts");
  }

  /** A thousand a second up to now. */
  private Instant start(Instant now) {
    return now.minusMillis(records());
  }

  private static String accounts(String prefix, long count, long balanceMinor, Instant now) {
    return """
        INSERT INTO spendwatch.accounts (user_id, currency, balance_minor, as_of)
        SELECT '%s' || u, 'USD', %d, timestamptz '%s' - interval '30 days' FROM generate_series(1, %d) AS u
        """
        .formatted(prefix, balanceMinor, now, count);
  }

  /** Produces all of it, and waits until it is in Kafka. */
  void produce(Map<String, Object> client, String topic, Instant now) {
    Map<String, Object> properties = new HashMap<>(client);
    properties.put("linger.ms", 5);
    properties.put("batch.size", 64 * 1024);
    properties.put("compression.type", "lz4");
    properties.put("acks", "all");
    var failure = new AtomicReference<Exception>();
    var random = new SplittableRandom(SEED);
    try (var producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
      for (long i = 1; i <= records() && failure.get() == null; i++) {
        String userId = userId(i, random);
        var transaction =
            new Transaction(
                ID + i,
                userId,
                1 + random.nextLong(AMOUNT_MINOR_MAX),
                "USD",
                start(now).toEpochMilli() + i,
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
      producer.flush();
    }
    if (failure.get() != null) {
      throw new OperatorException(
          "Kafka did not take a transaction: " + failure.get().getMessage(), failure.get());
    }
  }

  private String userId(long place, SplittableRandom random) {
    if (place % ALERT_EVERY == 0) {
      return BREACHING + place / ALERT_EVERY;
    }
    // Those whose place an alert has taken come with the others.
    return USER + (place <= users ? place : 1 + random.nextInt(users));
  }

  /**
   * Holds what came of all of it against what must have.
   *
   * @throws OperatorException if a row or an alert is missing, or is too many
   */
  void check(String who, Map<String, Object> client, Namespace namespace) {
    long rows = Site.number(namespace.database(), "SELECT count(*) FROM spendwatch.transactions");
    if (rows != records()) {
      throw new OperatorException(
          "%s: %,d rows of %,d transactions".formatted(who, rows, records()));
    }
    Map<String, Integer> seen = new HashMap<>();
    try (AlertTail tail = AlertTail.open(client, namespace.topics().alerts(), true)) {
      List<AlertTail.Received> some;
      do {
        some = tail.poll(LOOK);
        for (AlertTail.Received received : some) {
          if (received.alert().type() == AlertType.RAISED) {
            seen.merge(received.alert().transactionId(), 1, Integer::sum);
          }
        }
      } while (!some.isEmpty() || seen.isEmpty());
    }
    long missed = 0;
    for (long i = ALERT_EVERY; i <= records(); i += ALERT_EVERY) {
      Integer times = seen.remove(ID + i);
      missed += times != null && times == 1 ? 0 : 1;
    }
    if (missed > 0 || !seen.isEmpty()) {
      throw new OperatorException(
          "%s: of %,d alerts %,d missed or doubled, %,d extra"
              .formatted(who, alerts(), missed, seen.size()));
    }
  }
}
