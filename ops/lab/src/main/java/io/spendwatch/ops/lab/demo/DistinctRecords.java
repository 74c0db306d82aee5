package io.spendwatch.ops.lab.demo;

import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** Counts what was sent to the transactions topic, by reading it all: a demo's is small. */
final class DistinctRecords {
  private static final Duration POLL = Duration.ofMillis(200);

  private DistinctRecords() {}

  /** How many different transactions the topic has had until now. Blocks. */
  static long count(Map<String, Object> client, String topic) {
    Set<String> ids = new HashSet<>();
    try (var consumer =
        new KafkaConsumer<>(client, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          if (TransactionCodec.decode(record.key(), record.value(), Long.MAX_VALUE)
              instanceof Decoded.Valid<Transaction>(Transaction transaction)) {
            ids.add(transaction.userId() + " " + transaction.transactionId());
          }
        }
      }
    }
    return ids.size();
  }
}
