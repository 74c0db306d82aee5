package io.spendwatch.streams.quarantine;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.streams.life.PartitionLine;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records of one partition after decoding: the good ones beside what they came from, and the bad
 * ones as their dead letters. Grows while it waits; for one thread at a time.
 *
 * @param <T> what a good record is
 */
public final class DecodedBatch<T> {
  private static final Logger LOG = LoggerFactory.getLogger(DecodedBatch.class);
  private static final long NOTHING_READ = -1;

  private final List<T> items = new ArrayList<>();
  private final List<ConsumerRecord<byte[], byte[]>> sources = new ArrayList<>();
  private final List<ProducerRecord<byte[], byte[]>> deadLetters = new ArrayList<>();
  private final List<ProducerRecord<byte[], byte[]>> passedOn = new ArrayList<>();
  private final Map<DeadLetterReason, Integer> reasons = new EnumMap<>(DeadLetterReason.class);
  private long nextOffset = NOTHING_READ;
  private long lastTimestampMs = -1;
  private long cost;

  private DecodedBatch() {}

  /** Nothing read: lets the actor look at the time. */
  public static <T> DecodedBatch<T> tick() {
    return new DecodedBatch<>();
  }

  /** Decodes records, which must not be none. */
  public static <T> DecodedBatch<T> of(
      List<ConsumerRecord<byte[], byte[]>> records,
      BatchBound bound,
      Function<ConsumerRecord<byte[], byte[]>, Decoded<T>> decoder,
      String deadLetterTopic) {
    return of(records, bound, _ -> false, decoder, deadLetterTopic);
  }

  /**
   * The same, of records some of which say nothing to us: they are passed over.
   *
   * @param saysNothing of a record that is neither good nor bad
   */
  public static <T> DecodedBatch<T> of(
      List<ConsumerRecord<byte[], byte[]>> records,
      BatchBound bound,
      Predicate<ConsumerRecord<byte[], byte[]>> saysNothing,
      Function<ConsumerRecord<byte[], byte[]>, Decoded<T>> decoder,
      String deadLetterTopic) {
    DecodedBatch<T> batch = new DecodedBatch<>();
    for (ConsumerRecord<byte[], byte[]> record : records) {
      batch.cost += bound.cost(record);
      if (saysNothing.test(record)) {
        continue;
      }
      switch (decode(record, decoder)) {
        case Decoded.Valid<T>(T value) -> {
          batch.items.add(value);
          batch.sources.add(record);
        }
        case Decoded.Rejected<T>(DeadLetterReason reason, String message) -> {
          batch.deadLetters.add(DeadLetters.of(record, deadLetterTopic, reason, message));
          batch.reasons.merge(reason, 1, Integer::sum);
        }
      }
    }
    batch.nextOffset = records.getLast().offset() + 1;
    batch.lastTimestampMs = records.getLast().timestamp();
    return batch;
  }

  /** Appends what was read after this; returns this. */
  public DecodedBatch<T> append(DecodedBatch<T> later) {
    items.addAll(later.items);
    sources.addAll(later.sources);
    deadLetters.addAll(later.deadLetters);
    passedOn.addAll(later.passedOn);
    later.reasons.forEach((reason, letters) -> reasons.merge(reason, letters, Integer::sum));
    nextOffset = later.nextOffset;
    lastTimestampMs = later.lastTimestampMs;
    cost += later.cost;
    return this;
  }

  /**
   * Lets go of the good records for which this makes another record, which is to be published in
   * their place; returns this.
   */
  public DecodedBatch<T> passOn(
      Function<ConsumerRecord<byte[], byte[]>, Optional<ProducerRecord<byte[], byte[]>>> copy) {
    for (int i = sources.size() - 1; i >= 0; i--) {
      Optional<ProducerRecord<byte[], byte[]>> other = copy.apply(sources.get(i));
      if (other.isPresent()) {
        passedOn.addFirst(other.get());
        T _ = items.remove(i);
        ConsumerRecord<byte[], byte[]> _ = sources.remove(i);
      }
    }
    return this;
  }

  /** What is to be published in place of records that belong elsewhere, in their order. */
  public List<ProducerRecord<byte[], byte[]>> passedOn() {
    return passedOn;
  }

  public List<T> items() {
    return items;
  }

  /** What {@code items()} were decoded from, one for each. */
  public List<ConsumerRecord<byte[], byte[]>> sources() {
    return sources;
  }

  public List<ProducerRecord<byte[], byte[]>> deadLetters() {
    return deadLetters;
  }

  /** How many of {@code deadLetters()} there are, by reason; those that are 0 are not in it. */
  public Map<DeadLetterReason, Integer> reasons() {
    return reasons;
  }

  public boolean isTick() {
    return nextOffset == NOTHING_READ;
  }

  /** The offset to commit once this batch is done. Not for a tick. */
  public long nextOffset() {
    return nextOffset;
  }

  /** Timestamp of the last record, good or bad; negative where it has none, and of a tick. */
  public long lastTimestampMs() {
    return lastTimestampMs;
  }

  /** In the measure of {@link BatchBound}. */
  public long cost() {
    return cost;
  }

  private static <T> Decoded<T> decode(
      ConsumerRecord<byte[], byte[]> record,
      Function<ConsumerRecord<byte[], byte[]>, Decoded<T>> decoder) {
    try {
      return decoder.apply(record);
    } catch (RuntimeException e) {
      // The decoder promises not to; a record that makes it must not stop the partition.
      PartitionLine.about(new TopicPartition(record.topic(), record.partition()), LOG.atError())
          .addKeyValue("offset", record.offset())
          .setCause(e)
          .log("Decoding failed");
      return new Decoded.Rejected<>(DeadLetterReason.INTERNAL_ERROR, e.toString());
    }
  }
}
