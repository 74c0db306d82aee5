package io.spendwatch.streams;

import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.streams.retry.BackOff;
import io.spendwatch.streams.retry.Timekeeper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.pekko.Done;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes for all partitions of this node: alerts, dead letters and source offsets, each
 * partition's together in one Kafka transaction. Owns the producer and the one thread that uses it;
 * what has gathered meanwhile goes into one transaction.
 *
 * <p>Who fails how:
 *
 * <ul>
 *   <li>The group has moved on (a rebalance): the transaction is aborted; requests whose
 *       incarnation has ended fail, the others are tried again.
 *   <li>A dead letter is too large for its topic: the transaction is aborted and tried again with
 *       the letter {@linkplain DeadLetters#shortened shortened}.
 *   <li>Anything else leaves open what became visible: the incarnations in the transaction are
 *       ended, and the next life of each finds out from the committed offset.
 * </ul>
 *
 * <p>A partition that is given away cannot be published for any more: its requests fail here once
 * its incarnation has ended, and a transaction that had begun before carries the generation of the
 * group in which the partition was still ours, which the broker refuses in the next one.
 */
final class Publisher {
  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

  /** A transaction must be over well within transaction-timeout, or the broker aborts it. */
  private static final int GROUP_REQUESTS_MAX = 1000;

  private static final long GROUP_BYTES_MAX = 8 << 20;
  private static final long IDLE_CHECK_NANOS = 100_000_000;

  private record Request(
      Incarnation incarnation,
      OffsetAndMetadata offset,
      List<ProducerRecord<byte[], byte[]>> records,
      boolean mayWait,
      long sinceNanos,
      CompletableFuture<Done> done) {

    /** Alerts and dead letters of who keeps up don't wait for company. */
    boolean isUrgent() {
      return !records.isEmpty() && !mayWait;
    }

    /** Bytes of the records; 0 only without any. */
    long bytes() {
      return records.stream()
          .mapToLong(record -> record.value() == null ? 1 : 1 + record.value().length)
          .sum();
    }

    /** With the dead letters among the refused records shortened. */
    Request shortened(Set<ProducerRecord<byte[], byte[]>> refused) {
      List<ProducerRecord<byte[], byte[]>> shorter =
          records.stream()
              .map(r -> refused.contains(r) ? DeadLetters.shortened(r).orElse(r) : r)
              .toList();
      return new Request(incarnation, offset, shorter, mayWait, sinceNanos, done);
    }
  }

  private final Supplier<Producer<byte[], byte[]>> producers;
  private final long commitIntervalNanos;
  private final BackOff backOff;
  private final Timekeeper time;
  // Unbounded as such; each pipeline bounds its own share by unpublished-batches-max.
  private final BlockingQueue<Request> queue = new LinkedBlockingQueue<>();
  private final Map<TopicPartition, Integer> open = new ConcurrentHashMap<>();
  private final CompletableFuture<Done> closed = new CompletableFuture<>();
  private volatile ConsumerGroupMetadata group;
  private volatile String waitingFor;
  private final CompletableFuture<Done> closing = new CompletableFuture<>();

  // Of the thread.
  private Producer<byte[], byte[]> producer;
  private List<Request> again = List.of();
  private int failures;

  /**
   * @param producers makes a producer with its transactional id, not initialised
   */
  Publisher(
      Supplier<Producer<byte[], byte[]>> producers,
      Duration commitInterval,
      BackOff backOff,
      Timekeeper time) {
    this.producers = producers;
    this.commitIntervalNanos = commitInterval.toNanos();
    this.backOff = backOff;
    this.time = time;
  }

  /** Starts the thread, which begins by ending whatever an earlier process left open. */
  void start() {
    time.startThread("spendwatch-publisher", this::run);
  }

  /**
   * Publishes after all earlier requests of the partition.
   *
   * @param nextOffset to be committed with the records
   * @param note metadata of the offset
   * @param mayWait whether the records, too, may wait for the commit interval: a Kafka transaction
   *     costs the brokers as much as thousands of records
   * @return completes on the publisher's thread
   */
  CompletionStage<Done> publish(
      Incarnation incarnation,
      long nextOffset,
      String note,
      List<ProducerRecord<byte[], byte[]>> records,
      boolean mayWait) {
    Request request =
        new Request(
            incarnation,
            new OffsetAndMetadata(nextOffset, note),
            records,
            mayWait,
            time.nanoTime(),
            new CompletableFuture<>());
    open.merge(incarnation.source(), 1, Integer::sum);
    queue.add(request);
    return request.done();
  }

  /** Whether a request of any life of this partition is not finished, one way or the other. */
  boolean isBusyWith(TopicPartition source) {
    return open.containsKey(source);
  }

  /** Tells in which generation of the group we are. By the thread that polls. */
  void inGroup(ConsumerGroupMetadata current) {
    group = current;
  }

  /** What the thread waits for, for people; null while nothing. */
  String waitingFor() {
    return waitingFor;
  }

  /** Publishes what has been asked for, then ends. */
  CompletionStage<Done> close() {
    closing.complete(Done.done());
    return closed;
  }

  private void run() {
    try {
      while (!(closing.isDone() && queue.isEmpty() && again.isEmpty())) {
        if (producer == null) {
          connect();
        } else {
          publishTogether(gather());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closeProducer();
      closed.complete(Done.done());
    }
  }

  private void connect() throws InterruptedException {
    try {
      producer = producers.get();
      producer.initTransactions();
      waitingFor = null;
      if (failures > 0) {
        LOG.info("Publishing again after {} failed tries", failures);
      }
      failures = 0;
    } catch (RuntimeException e) {
      closeProducer();
      failed(e);
      if (closing.isDone()) {
        refuseAll();
      }
    }
  }

  /** What goes into the next transaction. */
  private List<Request> gather() throws InterruptedException {
    List<Request> gathered = new ArrayList<>(again);
    again = List.of();
    if (gathered.isEmpty()) {
      Request first = time.poll(queue, IDLE_CHECK_NANOS);
      if (first == null) {
        return gathered;
      }
      gathered.add(first);
    }
    long dueNanos = gathered.getFirst().sinceNanos() + commitIntervalNanos;
    long bytes = gathered.stream().mapToLong(Request::bytes).sum();
    boolean urgent = closing.isDone() || gathered.stream().anyMatch(Request::isUrgent);
    while (gathered.size() < GROUP_REQUESTS_MAX && bytes < GROUP_BYTES_MAX) {
      long waitNanos = urgent ? 0 : dueNanos - time.nanoTime();
      Request next = time.poll(queue, waitNanos);
      if (next == null) {
        break;
      }
      gathered.add(next);
      bytes += next.bytes();
      urgent |= closing.isDone() || next.isUrgent();
    }
    return gathered;
  }

  private void publishTogether(List<Request> gathered) throws InterruptedException {
    // The order matters: a partition given away after this line is so in a later generation.
    ConsumerGroupMetadata generation = group;
    List<Request> live = new ArrayList<>(gathered.size());
    for (Request request : gathered) {
      if (request.incarnation().isLive()) {
        live.add(request);
      } else {
        finish(request, new Incarnation.Ended("ended before it was published"));
      }
    }
    if (live.isEmpty()) {
      // Whatever was tried again and again, nobody waits for it any more.
      failures = 0;
      waitingFor = null;
      return;
    }
    Set<ProducerRecord<byte[], byte[]>> tooLarge = ConcurrentHashMap.newKeySet();
    try {
      transact(live, generation, tooLarge);
      failures = 0;
      waitingFor = null;
      live.forEach(request -> finish(request, null));
    } catch (CommitFailedException e) {
      if (failures == 0) {
        LOG.info("The group has moved on, publishing again: {}", e.getMessage());
      }
      again = live;
      if (abort()) {
        pauseAfter(e);
      }
    } catch (RuntimeException e) {
      // With a record refused nothing was committed.
      if (tooLarge.stream().anyMatch(record -> DeadLetters.shortened(record).isPresent())) {
        LOG.warn(
            "Publishing {} records again that are too large: {}", tooLarge.size(), describe(e));
        again = live.stream().map(request -> request.shortened(tooLarge)).toList();
        var _ = abort();
        return;
      }
      closeProducer();
      String reason = "publishing failed: " + describe(e);
      live.forEach(request -> request.incarnation().end(reason));
      live.forEach(request -> finish(request, e));
      failed(e);
    }
  }

  /**
   * @param tooLarge gets the records that are refused for their size
   */
  private void transact(
      List<Request> live,
      ConsumerGroupMetadata generation,
      Set<ProducerRecord<byte[], byte[]>> tooLarge) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    producer.beginTransaction();
    for (Request request : live) {
      for (ProducerRecord<byte[], byte[]> record : request.records()) {
        // A send that fails makes the commit fail, with its reason.
        var _ =
            producer.send(
                record,
                (_, failure) -> {
                  if (failure instanceof RecordTooLargeException) {
                    tooLarge.add(record);
                  }
                });
      }
      offsets.put(request.incarnation().source(), request.offset());
    }
    producer.sendOffsetsToTransaction(offsets, generation);
    producer.commitTransaction();
  }

  /** Whether the producer can go on. */
  private boolean abort() {
    try {
      producer.abortTransaction();
      return true;
    } catch (RuntimeException e) {
      LOG.warn("Aborting failed, taking a new producer: {}", e.getMessage());
      closeProducer();
      return false;
    }
  }

  private void failed(RuntimeException cause) throws InterruptedException {
    if (failures == 0) {
      LOG.warn("Publishing waits: {}", describe(cause));
    }
    pauseAfter(cause);
  }

  private void pauseAfter(RuntimeException cause) throws InterruptedException {
    failures++;
    waitingFor = describe(cause);
    boolean _ = time.await(closing, Duration.ofMillis(backOff.delayMs(failures, time.random())));
  }

  /** The producer wraps what happened into what it could not do because of it. */
  private static String describe(RuntimeException failure) {
    return failure.getCause() == null
        ? "Kafka: " + failure.getMessage()
        : "Kafka: " + failure.getMessage() + ": " + failure.getCause().getMessage();
  }

  private void refuseAll() {
    List<Request> rest = new ArrayList<>(again);
    again = List.of();
    queue.drainTo(rest);
    rest.forEach(request -> finish(request, new Incarnation.Ended("the node stops")));
  }

  private void finish(Request request, Throwable failure) {
    open.computeIfPresent(request.incarnation().source(), (_, n) -> n == 1 ? null : n - 1);
    if (failure == null) {
      request.done().complete(Done.done());
    } else {
      request.done().completeExceptionally(failure);
    }
  }

  private void closeProducer() {
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
