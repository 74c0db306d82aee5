package io.spendwatch.streams.publish;

import io.spendwatch.streams.base.Timekeeper;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Kafka transactions of a publisher, one after the other, and the producer that they are made
 * with.
 *
 * <pre>
 *   begin ─▶ send records ─▶ all are taken? ─▶ send offsets ─▶ all is durable? ─▶ commit
 *                                 │ no                              │ no
 *                                 └──────────────▶ abort ◀──────────┘
 * </pre>
 *
 * Before the commit it is certain that nothing of it is visible; whatever goes wrong with it leaves
 * that {@linkplain TransactionOutcome.Open open}, and takes the producer along. Confined to the
 * publisher's thread.
 */
final class KafkaTransactions {
  private static final Logger LOG = LoggerFactory.getLogger(KafkaTransactions.class);

  /** How often it is looked whether somebody waits behind records that are not taken yet. */
  private static final Duration SEND_CHECK = Duration.ofMillis(50);

  /** How often it is looked whether a life has ended whose row is waited for. */
  private static final Duration AHEAD_CHECK = Duration.ofMillis(50);

  private final Supplier<Producer<byte[], byte[]>> producers;
  private final BooleanSupplier isWaitedFor;
  private final PublishConfig config;
  private final Timekeeper time;
  private @Nullable Producer<byte[], byte[]> producer;
  private long lastCommitNanos;

  /**
   * @param producers makes a producer with its transactional id, not initialised
   * @param isWaitedFor whether somebody waits for the transaction under way to be over
   */
  KafkaTransactions(
      Supplier<Producer<byte[], byte[]>> producers,
      BooleanSupplier isWaitedFor,
      PublishConfig config,
      Timekeeper time) {
    this.producers = producers;
    this.isWaitedFor = isWaitedFor;
    this.config = config;
    this.time = time;
  }

  /** Whether there is a producer to make one with. */
  boolean isConnected() {
    return producer != null;
  }

  /**
   * Takes a new producer, which ends whatever an earlier one left open.
   *
   * @throws RuntimeException if that fails; there is none then
   */
  void connect() {
    try {
      Producer<byte[], byte[]> fresh = producers.get();
      producer = fresh;
      fresh.initTransactions();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Makes one of these.
   *
   * @param live of which at least one is there
   * @param generation of the group, from before it was looked whether the lives go on
   */
  TransactionOutcome make(List<Publication> live, @Nullable ConsumerGroupMetadata generation)
      throws InterruptedException {
    Producer<byte[], byte[]> connected = Objects.requireNonNull(producer, "connected");
    long startNanos = time.nanoTime();
    Sends sends = new Sends();
    try {
      connected.beginTransaction();
      if (!send(connected, live, sends)) {
        return refused(connected, sends);
      }
      Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
      live.forEach(publication -> offsets.put(publication.source(), publication.offset()));
      connected.sendOffsetsToTransaction(offsets, Objects.requireNonNull(generation, "polled"));
      long sentNanos = time.nanoTime();
      if (!awaitDurable(live)) {
        var _ = abort(connected);
        return new TransactionOutcome.NotDurable();
      }
      long durableNanos = time.nanoTime();
      connected.commitTransaction();
      lastCommitNanos = time.nanoTime() - durableNanos + sentNanos - startNanos;
      return new TransactionOutcome.Committed();
    } catch (CommitFailedException e) {
      return new TransactionOutcome.NotCommitted(e, abort(connected));
    } catch (RuntimeException e) {
      close();
      return new TransactionOutcome.Open(e);
    }
  }

  /** Whether all of it is durable, and nobody's life has ended before that. */
  private boolean awaitDurable(List<Publication> live) throws InterruptedException {
    long deadlineNanos = time.nanoTime() + config.aheadPatience().toNanos();
    for (Publication publication : live) {
      while (!publication.isDurable()) {
        long leftNanos = deadlineNanos - time.nanoTime();
        if (leftNanos <= 0 || publication.isOver()) {
          return false;
        }
        Duration wait = Duration.ofNanos(Math.min(leftNanos, AHEAD_CHECK.toNanos()));
        boolean _ = time.await(publication.durable(), wait);
      }
    }
    return true;
  }

  /** Whether all records are taken. Until then it is certain that nothing is committed. */
  private boolean send(Producer<byte[], byte[]> connected, List<Publication> live, Sends sends)
      throws InterruptedException {
    try {
      for (Publication publication : live) {
        for (ProducerRecord<byte[], byte[]> record : publication.records()) {
          sends.send(connected, record);
        }
      }
    } catch (RuntimeException e) {
      // What was refused makes the client refuse the rest.
      if (!sends.isRefused()) {
        throw e;
      }
    }
    sends.allSent();
    // A slow broker is slow for all: whom it takes long to commit has that much more patience.
    long deadlineNanos =
        time.nanoTime() + config.topicPatience().toNanos() + 2 * Math.max(0, lastCommitNanos);
    while (!time.await(sends.over(), SEND_CHECK)) {
      if (time.nanoTime() - deadlineNanos > 0 && othersWait(live, sends.unanswered())) {
        return false;
      }
    }
    return !sends.isRefused();
  }

  private boolean othersWait(
      List<Publication> live, Set<ProducerRecord<byte[], byte[]>> unanswered) {
    return isWaitedFor.getAsBoolean()
        || live.stream().anyMatch(publication -> !publication.hasAnyOf(unanswered));
  }

  private TransactionOutcome refused(Producer<byte[], byte[]> connected, Sends sends) {
    Set<ProducerRecord<byte[], byte[]>> letters = sends.tooLarge();
    if (!letters.isEmpty()) {
      LOG.warn("Publishing {} dead letters again that are too large", letters.size());
      var _ = abort(connected);
      return new TransactionOutcome.TooLarge(letters);
    }
    Map<String, String> reasons = sends.topicsInTrouble();
    Map<ProducerRecord<byte[], byte[]>, String> unfit = sends.unfit();
    if (reasons.isEmpty() && unfit.isEmpty()) {
      // Aborting would wait for it, too.
      close();
      for (ProducerRecord<byte[], byte[]> record : sends.unanswered()) {
        reasons.put(record.topic(), "does not answer");
      }
    } else {
      var _ = abort(connected);
    }
    return new TransactionOutcome.Refused(reasons, unfit);
  }

  /** Whether the producer can go on. */
  private boolean abort(Producer<byte[], byte[]> connected) {
    try {
      connected.abortTransaction();
      return true;
    } catch (RuntimeException e) {
      LOG.warn("Aborting failed, taking a new producer: {}", e.getMessage());
      close();
      return false;
    }
  }

  /** Lets go of the producer, if there is one. */
  void close() {
    if (producer != null) {
      try {
        producer.close(Duration.ZERO);
      } catch (RuntimeException e) {
        LOG.debug("Closing the producer failed", e);
      }
      producer = null;
    }
  }
}
