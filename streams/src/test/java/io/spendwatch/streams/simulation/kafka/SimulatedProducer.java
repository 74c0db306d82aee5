package io.spendwatch.streams.simulation.kafka;

import io.spendwatch.streams.simulation.scheduler.Outage;
import io.spendwatch.streams.simulation.scheduler.Scheduler;
import io.spendwatch.streams.simulation.scheduler.Weather;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/** A transactional producer, as {@code KafkaProducer} behaves. */
public final class SimulatedProducer {
  private final SimulatedKafka kafka;
  private final SimulatedConnection connection;
  private final String transactionalId;
  private final List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
  private int epoch = -1;
  private boolean isInTransaction;

  private SimulatedProducer(
      SimulatedKafka kafka, SimulatedConnection connection, String transactionalId) {
    this.kafka = kafka;
    this.connection = connection;
    this.transactionalId = transactionalId;
  }

  @SuppressWarnings("unchecked")
  public static Producer<byte[], byte[]> create(
      Scheduler scheduler,
      SimulatedKafka kafka,
      Weather weather,
      Outage outage,
      String transactionalId) {
    return SimulatedClients.as(
        Producer.class,
        new SimulatedProducer(
            kafka, new SimulatedConnection(scheduler, weather, outage), transactionalId));
  }

  @Served
  void initTransactions() {
    epoch = connection.call("init transactions", () -> kafka.initTransactions(transactionalId));
  }

  @Served
  void beginTransaction() {
    if (isInTransaction) {
      throw new IllegalStateException("the transaction before is not over");
    }
    isInTransaction = true;
    records.clear();
  }

  @Served
  Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
    records.add(record);
    if (kafka.isMissing(record.topic())) {
      connection.later(
          () -> callback.onCompletion(null, new TimeoutException("no metadata of the topic")));
    } else {
      callback.onCompletion(null, null);
    }
    return new CompletableFuture<>();
  }

  @Served
  void sendOffsetsToTransaction(
      Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata group) {
    Map<TopicPartition, OffsetAndMetadata> sent = new LinkedHashMap<>(offsets);
    int sentEpoch = epoch;
    boolean _ =
        connection.call(
            "send offsets",
            () -> {
              kafka.sendOffsets(transactionalId, sentEpoch, sent, group);
              return true;
            });
  }

  @Served
  void commitTransaction() {
    List<ProducerRecord<byte[], byte[]>> sent = List.copyOf(records);
    int sentEpoch = epoch;
    boolean _ =
        connection.call(
            "commit",
            () -> {
              kafka.commit(transactionalId, sentEpoch, sent);
              return true;
            });
    isInTransaction = false;
  }

  @Served
  void abortTransaction() {
    int sentEpoch = epoch;
    boolean _ =
        connection.call(
            "abort",
            () -> {
              kafka.abort(transactionalId, sentEpoch);
              return true;
            });
    isInTransaction = false;
  }

  @Served
  void close(Duration limit) {
    // Nothing of the broker's.
  }
}
