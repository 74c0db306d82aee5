package io.spendwatch.ops.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.spendwatch.streams.kafka.ClientMetrics;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;

/**
 * What Kafka's clients say of themselves, by Micrometer's names. They say some hundred things each,
 * most of them per connection or topic: only what an operator looks at is taken. Thread-safe.
 */
final class KafkaClients implements ClientMetrics, AutoCloseable {
  private static final Set<String> TAKEN =
      Set.of(
          "kafka.consumer.connection.count",
          "kafka.consumer.coordinator.failed.rebalance.total",
          "kafka.consumer.coordinator.last.heartbeat.seconds.ago",
          "kafka.consumer.coordinator.rebalance.latency.max",
          "kafka.consumer.coordinator.rebalance.total",
          "kafka.consumer.fetch.manager.bytes.consumed.total",
          "kafka.consumer.fetch.manager.fetch.latency.avg",
          "kafka.consumer.fetch.manager.records.consumed.total",
          "kafka.consumer.fetch.manager.records.lag.max",
          "kafka.producer.connection.count",
          "kafka.producer.record.error.total",
          "kafka.producer.record.retry.total",
          "kafka.producer.record.send.total",
          "kafka.producer.request.latency.avg",
          "kafka.producer.request.latency.max",
          "kafka.producer.txn.commit.time.ns.total");

  private final MeterRegistry registry;

  /** Looks once a minute which metrics the clients have by now. */
  private final ScheduledExecutorService looks =
      Executors.newSingleThreadScheduledExecutor(
          look -> Thread.ofPlatform().daemon().name("kafka-client-metrics").unstarted(look));

  /** By client: a node has one consumer, and some producers with a number each. */
  private final Map<String, KafkaClientMetrics> bound = new HashMap<>();

  KafkaClients(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Lets nothing else of Kafka's clients into a registry. */
  static MeterFilter filter() {
    return new MeterFilter() {
      @Override
      public MeterFilterReply accept(Meter.Id id) {
        return id.getName().startsWith("kafka.") && !TAKEN.contains(id.getName())
            ? MeterFilterReply.DENY
            : MeterFilterReply.NEUTRAL;
      }
    };
  }

  @Override
  public void opened(Consumer<byte[], byte[]> consumer) {
    bind("consumer", new KafkaClientMetrics(consumer, List.of(), looks));
  }

  @Override
  public void opened(int number, Producer<byte[], byte[]> producer) {
    bind("producer-" + number, new KafkaClientMetrics(producer, List.of(), looks));
  }

  private synchronized void bind(String client, KafkaClientMetrics metrics) {
    if (looks.isShutdown()) {
      return;
    }
    KafkaClientMetrics before = bound.put(client, metrics);
    if (before != null) {
      before.close();
    }
    metrics.bindTo(registry);
  }

  @Override
  public synchronized void close() {
    looks.shutdownNow();
    bound.values().forEach(KafkaClientMetrics::close);
    bound.clear();
  }
}
