package io.spendwatch.streams.publish;

import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.streams.life.PipelineLife;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.pekko.Done;

/**
 * What one batch asks to be published: records and the offset that passes its source records,
 * together or not at all.
 *
 * @param durable completes once what they rest on is in the tables, and fails where it will not be
 * @param mayWait whether the records, too, may wait for company
 * @param done completed once it is known how it came out
 */
record Publication(
    PipelineLife life,
    OffsetAndMetadata offset,
    List<ProducerRecord<byte[], byte[]>> records,
    CompletableFuture<Done> durable,
    boolean mayWait,
    long sinceNanos,
    CompletableFuture<Done> done) {

  TopicPartition source() {
    return life.source();
  }

  /** Alerts and dead letters of who keeps up don't wait for company. */
  boolean isUrgent() {
    return !records.isEmpty() && !mayWait;
  }

  /** Whether it may be committed. */
  boolean isDurable() {
    return durable.isDone() && !durable.isCompletedExceptionally();
  }

  /** Whether it never may. */
  boolean isOver() {
    return durable.isCompletedExceptionally() || !life.isLive();
  }

  /** Bytes of the records; 0 only without any. */
  long bytes() {
    return records.stream()
        .mapToLong(record -> record.value() == null ? 1 : 1 + record.value().length)
        .sum();
  }

  boolean hasAnyOf(Set<ProducerRecord<byte[], byte[]>> some) {
    return records.stream().anyMatch(some::contains);
  }

  /** With the dead letters among the refused records shortened. */
  Publication shortened(Set<ProducerRecord<byte[], byte[]>> refused) {
    List<ProducerRecord<byte[], byte[]>> shorter =
        records.stream()
            .map(r -> refused.contains(r) ? DeadLetters.shortened(r).orElse(r) : r)
            .toList();
    return new Publication(life, offset, shorter, durable, mayWait, sinceNanos, done);
  }
}
