package io.spendwatch.streams.pipeline;

import io.spendwatch.actors.exposure.Received;
import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.Topics;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.layout.Homes;
import io.spendwatch.streams.quarantine.BatchBound;
import io.spendwatch.streams.quarantine.DecodedBatch;
import io.spendwatch.streams.quarantine.Suspects;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Decodes the transactions of one partition, for one life of its pipeline, and takes only what may
 * be assessed under its layout of the topic. For one batch at a time; {@link #standsStill} and
 * {@link #nextOffset} for any thread.
 */
final class TransactionsDecoder {
  private final PipelineConfig config;
  private final Topics topics;
  private final Homes homes;
  private final Suspects suspects;
  private final BatchBound bound;
  private final Supplier<CompletionStage<Integer>> partitions;
  private final Timekeeper time;
  private volatile long nextOffset;
  private volatile boolean standsStill;

  /**
   * @param partitions how many partitions Kafka has by now, asked anew; answers at last
   */
  TransactionsDecoder(
      PipelineConfig config,
      Topics topics,
      Homes homes,
      long startOffset,
      Suspects suspects,
      BatchBound bound,
      Supplier<CompletionStage<Integer>> partitions,
      Timekeeper time) {
    this.config = config;
    this.topics = topics;
    this.homes = homes;
    this.suspects = suspects;
    this.bound = bound;
    this.partitions = partitions;
    this.time = time;
    this.nextOffset = startOffset;
    this.standsStill = !homes.isInForce();
  }

  /** Whether nothing more is taken under this layout: this life only waits for its end. */
  boolean standsStill() {
    return standsStill;
  }

  /** Takes nothing more. */
  void standStill() {
    standsStill = true;
  }

  /** Of the next record to take. */
  long nextOffset() {
    return nextOffset;
  }

  /** Never completes with what may not be taken: so nothing more is read. */
  CompletionStage<DecodedBatch<Received>> decode(List<ConsumerRecord<byte[], byte[]>> records) {
    if (standsStill) {
      return new CompletableFuture<>();
    }
    int taken = homes.taken(records);
    for (int i = 0; i < taken; i++) {
      if (homes.place(records.get(i)) == Homes.Place.STRAY) {
        int stray = i;
        // It may be where it belongs by partitions that we have not heard of.
        return partitions
            .get()
            .thenCompose(now -> decode(records, homes.knowsAll(now) ? taken : stray));
      }
    }
    return decode(records, taken);
  }

  private CompletionStage<DecodedBatch<Received>> decode(
      List<ConsumerRecord<byte[], byte[]>> records, int taken) {
    if (taken == 0) {
      standsStill = true;
      return new CompletableFuture<>();
    }
    long latestEventTimeMs = time.millis() + config.maxFutureSkew().toMillis();
    DecodedBatch<Received> batch =
        DecodedBatch.of(
            records.subList(0, taken),
            bound,
            suspects.orElse(record -> received(record, latestEventTimeMs)),
            topics.transactionsDeadLetters());
    nextOffset = batch.nextOffset();
    // In this order: who sees that we stand still must see where.
    standsStill = taken < records.size();
    return CompletableFuture.completedFuture(batch.passOn(this::copyForHome));
  }

  private Decoded<Received> received(
      ConsumerRecord<byte[], byte[]> record, long latestEventTimeMs) {
    Decoded<Transaction> decoded =
        TransactionCodec.decode(record.key(), record.value(), latestEventTimeMs);
    if (decoded instanceof Decoded.Valid && homes.place(record) == Homes.Place.STRAY) {
      return new Decoded.Rejected<>(
          DeadLetterReason.WRONG_PARTITION, homes.wrongPartition(record.key()));
    }
    return switch (config.accepted(decoded)) {
      case Decoded.Valid<Transaction>(Transaction transaction) ->
          new Decoded.Valid<>(new Received(transaction, record.offset()));
      case Decoded.Rejected<Transaction>(var reason, String message) ->
          new Decoded.Rejected<>(reason, message);
    };
  }

  /** A producer that had not heard of the growth has written it here. */
  private Optional<ProducerRecord<byte[], byte[]>> copyForHome(
      ConsumerRecord<byte[], byte[]> record) {
    return homes.place(record) == Homes.Place.MOVED
        ? Optional.of(
            new ProducerRecord<>(
                record.topic(),
                homes.home(record.key()),
                record.timestamp(),
                record.key(),
                record.value(),
                record.headers()))
        : Optional.empty();
  }
}
