package io.spendwatch.streams.publish;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
import org.apache.pekko.Done;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes for some partitions of this node: alerts, dead letters and source offsets, each
 * partition's together in one Kafka transaction. Owns a producer and the one thread that uses it;
 * what has gathered meanwhile goes into one transaction.
 *
 * <p>A transaction may begin while what it publishes is still being written: records and offsets go
 * ahead, only the commit follows the row's. Subscribers of all nodes read past an open transaction
 * no more than past an alert that is to come, so it is aborted where that takes longer than {@code
 * ahead-patience}; what has then become durable in the end is published in another one.
 *
 * <p>Who fails how:
 *
 * <ul>
 *   <li>A row is not durable in time, or never will be: the transaction is aborted, and the others
 *       in it are tried again without it.
 *   <li>The group has moved on (a rebalance): the transaction is aborted; requests whose life has
 *       ended fail, the others are tried again.
 *   <li>A dead letter is too large for its topic: the transaction is aborted and tried again with
 *       the letter shortened.
 *   <li>A topic is missing, or does not take a record: nothing is committed before all records are
 *       taken, so nobody's life ends. Who has records for it is {@linkplain HeldBack held back} and
 *       tried alone; the others are published without it, after {@code topic-patience} at most.
 *   <li>Anything else leaves open what became visible: the lives in the transaction are ended, and
 *       the next life of each finds out from the committed offset.
 * </ul>
 *
 * <p>A partition that is given away cannot be published for any more: its requests fail here once
 * its life has ended, and a transaction that had begun before carries the generation of the group
 * in which the partition was still ours, which the broker refuses in the next one.
 */
final class Publisher {
  private static final Logger LOG = LoggerFactory.getLogger(Publisher.class);

  /** A transaction must be over well within transaction-timeout, or the broker aborts it. */
  private static final int GROUP_PUBLICATIONS_MAX = 1000;

  private static final long GROUP_BYTES_MAX = 8 << 20;

  /** Where nobody waits: whatever is to be done wakes the thread, this is for looks at topics. */
  private static final long IDLE_CHECK_NANOS = 1_000_000_000;

  /** Where somebody waits for a topic, or for a row. */
  private static final long BUSY_CHECK_NANOS = 10_000_000;

  private static final CompletableFuture<Done> DURABLE =
      CompletableFuture.completedFuture(Done.done());

  /** How often it is looked whether somebody waits behind records that are not taken yet. */
  private static final Duration SEND_CHECK = Duration.ofMillis(50);

  /** How often it is looked whether a life has ended whose row is waited for. */
  private static final Duration AHEAD_CHECK = Duration.ofMillis(50);

  /** How often it is asked which topics there are, while somebody waits for one ... */
  static final Duration TOPICS_LOOK = Duration.ofSeconds(1);

  /** ... and otherwise, so that whoever comes knows without asking ... */
  private static final Duration TOPICS_LOOK_AT_REST = Duration.ofSeconds(3);

  /** ... and how old an answer may be that is relied on. */
  static final Duration TOPICS_OLD = Duration.ofSeconds(5);

  private final String name;
  private final Supplier<Producer<byte[], byte[]>> producers;
  private final PublishConfig config;
  private final PipelineMetrics metrics;
  private final Timekeeper time;

  /**
   * Unbounded as such; each pipeline bounds its own share by unpublished-batches-max. An empty
   * element only wakes the thread.
   */
  private final BlockingQueue<Optional<Publication>> queue = new LinkedBlockingQueue<>();

  private final Map<TopicPartition, Integer> open = new ConcurrentHashMap<>();
  private final CompletableFuture<Done> closed = new CompletableFuture<>();

  /** Null before the first poll, when nothing can have been asked for. */
  private volatile @Nullable ConsumerGroupMetadata group;

  private volatile @Nullable String waitingFor;
  private final CompletableFuture<Done> closing = new CompletableFuture<>();

  // Of the thread.
  private @Nullable Producer<byte[], byte[]> producer;
  private final TopicWatch topics;
  private final HeldBack held;
  private List<Publication> again = List.of();

  /** Those that were not durable in time, in their order; nothing overtakes them. */
  private final List<Publication> undurable = new ArrayList<>();

  private long lastCommitNanos;
  private int failures;

  /**
   * @param name of the thread
   * @param producers makes a producer with its transactional id, not initialised
   * @param topics that are published to
   */
  Publisher(
      String name,
      Supplier<Producer<byte[], byte[]>> producers,
      TopicWatch topics,
      PublishConfig config,
      PipelineMetrics metrics,
      Timekeeper time) {
    this.name = name;
    this.producers = producers;
    this.config = config;
    this.topics = topics;
    this.held = new HeldBack(topics, config.retry(), time);
    this.metrics = metrics;
    this.time = time;
  }

  /** Starts the thread, which begins by ending whatever an earlier process left open. */
  void start() {
    time.startThread(name, this::run);
  }

  /**
   * Publishes what is durable, after all earlier requests of the partition.
   *
   * @param nextOffset to be committed with the records
   * @param note metadata of the offset
   * @param mayWait whether the records, too, may wait for the commit interval: a Kafka transaction
   *     costs the brokers as much as thousands of records
   * @return completes on the publisher's thread
   */
  CompletionStage<Done> publish(
      PipelineLife life,
      long nextOffset,
      String note,
      List<ProducerRecord<byte[], byte[]>> records,
      boolean mayWait) {
    return publish(life, nextOffset, note, records, DURABLE, mayWait);
  }

  /**
   * Sends what is being made durable, and commits it once it is; after all earlier requests of the
   * partition. The next one must not be asked for before.
   *
   * @param durable completes when it may be seen, and fails where it never may
   */
  CompletionStage<Done> publishAhead(
      PipelineLife life,
      long nextOffset,
      String note,
      List<ProducerRecord<byte[], byte[]>> records,
      CompletableFuture<Done> durable) {
    return publish(life, nextOffset, note, records, durable, false);
  }

  private CompletionStage<Done> publish(
      PipelineLife life,
      long nextOffset,
      String note,
      List<ProducerRecord<byte[], byte[]>> records,
      CompletableFuture<Done> durable,
      boolean mayWait) {
    Publication publication =
        new Publication(
            life,
            new OffsetAndMetadata(nextOffset, note),
            records,
            durable,
            mayWait,
            time.nanoTime(),
            new CompletableFuture<>());
    open.merge(life.source(), 1, Integer::sum);
    queue.add(Optional.of(publication));
    return publication.done();
  }

  /** Whether a request of any life of this partition is not finished, one way or the other. */
  boolean isBusyWith(TopicPartition source) {
    return open.containsKey(source);
  }

  /** Tells in which generation of the group we are. By the thread that polls. */
  void inGroup(ConsumerGroupMetadata current) {
    group = current;
  }

  /** What the thread waits for, for people; empty while nothing. */
  Optional<String> waitingFor() {
    return Optional.ofNullable(waitingFor);
  }

  /** Publishes what has been asked for, then ends. */
  CompletionStage<Done> close() {
    closing.complete(Done.done());
    queue.add(Optional.empty());
    return closed;
  }

  private void run() {
    try {
      while (!isFinished()) {
        topics.refresh(held.isEmpty() ? TOPICS_LOOK_AT_REST : TOPICS_LOOK);
        Producer<byte[], byte[]> connected = producer;
        if (connected == null) {
          connect();
        } else {
          publishTogether(connected, gather());
          publishHeld();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      closeProducer();
      closed.complete(Done.done());
    }
  }

  private boolean isFinished() {
    return closing.isDone()
        && queue.isEmpty()
        && again.isEmpty()
        && undurable.isEmpty()
        && held.isEmpty();
  }

  private void connect() throws InterruptedException {
    try {
      Producer<byte[], byte[]> fresh = producers.get();
      producer = fresh;
      fresh.initTransactions();
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
  private List<Publication> gather() throws InterruptedException {
    List<Publication> gathered = new ArrayList<>(again);
    int before = again.size();
    again = List.of();
    if (gathered.isEmpty()) {
      boolean isBusy = !undurable.isEmpty() || !held.isEmpty();
      Optional<Publication> first = time.poll(queue, isBusy ? BUSY_CHECK_NANOS : IDLE_CHECK_NANOS);
      if (first != null) {
        first.ifPresent(gathered::add);
      }
    }
    gatherMore(gathered);
    // Behind what was asked for before it, and before what was asked for after it: of a partition
    // nothing is until it is durable, so this is looked at last.
    gathered.addAll(before, takeDurable());
    return gathered;
  }

  /** Of those that were put off, those for which nothing is waited for any more. */
  private List<Publication> takeDurable() {
    List<Publication> durable =
        undurable.stream().filter(each -> each.isDurable() || each.isOver()).toList();
    undurable.removeAll(durable);
    return durable;
  }

  private void gatherMore(List<Publication> gathered) throws InterruptedException {
    if (gathered.isEmpty()) {
      return;
    }
    long dueNanos = gathered.getFirst().sinceNanos() + config.offsetCommitInterval().toNanos();
    long bytes = gathered.stream().mapToLong(Publication::bytes).sum();
    boolean urgent = closing.isDone() || gathered.stream().anyMatch(Publication::isUrgent);
    while (gathered.size() < GROUP_PUBLICATIONS_MAX && bytes < GROUP_BYTES_MAX) {
      long waitNanos = urgent ? 0 : dueNanos - time.nanoTime();
      Optional<Publication> next = time.poll(queue, waitNanos);
      if (next == null) {
        break;
      }
      next.ifPresent(gathered::add);
      bytes += next.map(Publication::bytes).orElse(0L);
      urgent |= closing.isDone() || next.map(Publication::isUrgent).orElse(false);
    }
  }

  private void publishTogether(Producer<byte[], byte[]> connected, List<Publication> gathered)
      throws InterruptedException {
    // The order matters: a partition given away after this line is so in a later generation.
    ConsumerGroupMetadata generation = group;
    List<Publication> free = new ArrayList<>(gathered.size());
    for (Publication publication : gathered) {
      if (!publication.life().isLive()) {
        fail(publication, new PipelineLife.Ended("ended before it was published"));
      } else if (publication.isOver()) {
        fail(publication, new PipelineLife.Ended("is not to be durable"));
      } else if (!held.takes(publication)) {
        free.add(publication);
      }
    }
    if (free.isEmpty()) {
      failures = 0;
      waitingFor = null;
      return;
    }
    switch (transact(connected, free, generation)) {
      case TransactionOutcome.Committed _ -> free.forEach(this::finish);
      // Who has records for the topics in trouble is held back when it comes round again.
      case TransactionOutcome.NotCommitted _, TransactionOutcome.Refused _ ->
          again = held.takeBefore(free);
      case TransactionOutcome.NotDurable _ -> {
        undurable.addAll(free.stream().filter(each -> !each.isDurable()).toList());
        again = held.takeBefore(free.stream().filter(Publication::isDurable).toList());
      }
      case TransactionOutcome.TooLarge(var letters) ->
          again = held.takeBefore(free.stream().map(each -> each.shortened(letters)).toList());
      case TransactionOutcome.Open(RuntimeException cause) -> endAll(free, cause);
    }
  }

  /** Tries one of those that wait for a topic, by itself. */
  private void publishHeld() throws InterruptedException {
    ConsumerGroupMetadata generation = group;
    for (Publication ended : held.withoutEnded()) {
      fail(ended, new PipelineLife.Ended("ended before it was published"));
    }
    Producer<byte[], byte[]> connected = producer;
    if (connected == null || !again.isEmpty()) {
      // What comes before is to be published before.
      return;
    }
    List<Publication> due =
        held.due(GROUP_PUBLICATIONS_MAX).stream().takeWhile(Publication::isDurable).toList();
    if (!due.isEmpty()) {
      switch (transact(connected, due, generation)) {
        case TransactionOutcome.Committed _ -> {
          held.published(due);
          due.forEach(this::finish);
        }
        case TransactionOutcome.NotCommitted _,
            TransactionOutcome.NotDurable _,
            TransactionOutcome.Refused _ -> {} // It stays.
        case TransactionOutcome.TooLarge(var letters) ->
            held.replace(each -> each.shortened(letters));
        case TransactionOutcome.Open(RuntimeException cause) -> {
          held.remove(due.getFirst().source(), due);
          endAll(due, cause);
        }
      }
    }
    if (closing.isDone()) {
      held.removeAll().forEach(rest -> fail(rest, new PipelineLife.Ended("the node stops")));
    }
  }

  private TransactionOutcome transact(
      Producer<byte[], byte[]> connected,
      List<Publication> live,
      @Nullable ConsumerGroupMetadata generation)
      throws InterruptedException {
    long startNanos = time.nanoTime();
    Sends sends = new Sends();
    try {
      connected.beginTransaction();
      if (!send(connected, live, sends)) {
        return refused(connected, live, sends);
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
      failures = 0;
      waitingFor = null;
      lastCommitNanos = time.nanoTime() - durableNanos + sentNanos - startNanos;
      return new TransactionOutcome.Committed();
    } catch (CommitFailedException e) {
      if (failures == 0) {
        LOG.info("The group has moved on, publishing again: {}", e.getMessage());
      }
      if (abort(connected)) {
        pauseAfter(e);
      }
      return new TransactionOutcome.NotCommitted();
    } catch (RuntimeException e) {
      closeProducer();
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
    return closing.isDone()
        || !queue.isEmpty()
        || live.stream().anyMatch(publication -> !publication.hasAnyOf(unanswered));
  }

  private TransactionOutcome refused(
      Producer<byte[], byte[]> connected, List<Publication> live, Sends sends) {
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
      closeProducer();
      for (ProducerRecord<byte[], byte[]> record : sends.unanswered()) {
        reasons.put(record.topic(), "does not answer");
      }
    } else {
      var _ = abort(connected);
    }
    held.blame(reasons);
    for (Publication publication : live) {
      for (ProducerRecord<byte[], byte[]> record : publication.records()) {
        if (unfit.containsKey(record)) {
          held.blame(
              publication.source(),
              String.format(Locale.ROOT, "Kafka: topic %s: %s", record.topic(), unfit.get(record)));
        }
      }
    }
    metrics.failedTry(Server.KAFKA);
    return new TransactionOutcome.Refused();
  }

  /** The next life of each finds out from the committed offset. */
  private void endAll(List<Publication> open, RuntimeException cause) throws InterruptedException {
    String reason = "publishing failed: " + describe(cause);
    open.forEach(publication -> publication.life().end(reason));
    open.forEach(publication -> fail(publication, cause));
    failed(cause);
  }

  /** Whether the producer can go on. */
  private boolean abort(Producer<byte[], byte[]> connected) {
    try {
      connected.abortTransaction();
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
    metrics.failedTry(Server.KAFKA);
    failures++;
    waitingFor = describe(cause);
    boolean _ =
        time.await(closing, Duration.ofMillis(config.retry().delayMs(failures, time.random())));
  }

  /** The producer wraps what happened. */
  private static String describe(RuntimeException failure) {
    return failure.getCause() == null
        ? "Kafka: " + failure.getMessage()
        : "Kafka: " + failure.getMessage() + ": " + failure.getCause().getMessage();
  }

  private void refuseAll() {
    List<Publication> rest = new ArrayList<>(again);
    rest.addAll(undurable);
    rest.addAll(held.removeAll());
    again = List.of();
    undurable.clear();
    List<Optional<Publication>> queued = new ArrayList<>();
    queue.drainTo(queued);
    queued.forEach(each -> each.ifPresent(rest::add));
    rest.forEach(publication -> fail(publication, new PipelineLife.Ended("the node stops")));
  }

  private void finish(Publication publication) {
    over(publication);
    publication.done().complete(Done.done());
  }

  private void fail(Publication publication, Throwable cause) {
    over(publication);
    publication.done().completeExceptionally(cause);
  }

  private void over(Publication publication) {
    open.computeIfPresent(publication.life().source(), (_, n) -> n == 1 ? null : n - 1);
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
