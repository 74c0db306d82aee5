package io.spendwatch.streams.publish;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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

  private static final CompletableFuture<Done> DURABLE =
      CompletableFuture.completedFuture(Done.done());

  /** How often it is asked which topics there are, while somebody waits for one ... */
  static final Duration TOPICS_LOOK = Duration.ofSeconds(1);

  /** ... and otherwise, so that whoever comes knows without asking ... */
  private static final Duration TOPICS_LOOK_AT_REST = Duration.ofSeconds(3);

  /** ... and how old an answer may be that is relied on. */
  static final Duration TOPICS_OLD = Duration.ofSeconds(5);

  private final String name;
  private final PublishConfig config;
  private final PipelineMetrics metrics;
  private final Timekeeper time;

  private final PublicationQueue asked;
  private final CompletableFuture<Done> closed = new CompletableFuture<>();

  /** Null before the first poll, when nothing can have been asked for. */
  private volatile @Nullable ConsumerGroupMetadata group;

  private volatile @Nullable String waitingFor;

  // Of the thread.
  private final KafkaTransactions transactions;
  private final TopicWatch topics;
  private final HeldBack held;
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
    this.config = config;
    this.asked = new PublicationQueue(config.offsetCommitInterval(), time);
    this.transactions = new KafkaTransactions(producers, asked::isWaitedFor, config, time);
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
    return asked.add(publication);
  }

  /** Whether a request of any life of this partition is not finished, one way or the other. */
  boolean isBusyWith(TopicPartition source) {
    return asked.isBusyWith(source);
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
    asked.close();
    return closed;
  }

  private void run() {
    try {
      while (!isFinished()) {
        topics.refresh(held.isEmpty() ? TOPICS_LOOK_AT_REST : TOPICS_LOOK);
        if (transactions.isConnected()) {
          publishTogether(asked.gather(!held.isEmpty()));
          publishHeld();
        } else {
          connect();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      transactions.close();
      closed.complete(Done.done());
    }
  }

  private boolean isClosing() {
    return asked.closing().isDone();
  }

  private boolean isFinished() {
    return isClosing() && asked.isEmpty() && held.isEmpty();
  }

  private void connect() throws InterruptedException {
    try {
      transactions.connect();
      waitingFor = null;
      if (failures > 0) {
        LOG.info("Publishing again after {} failed tries", failures);
      }
      failures = 0;
    } catch (RuntimeException e) {
      failed(e);
      if (isClosing()) {
        refuseAll();
      }
    }
  }

  private void publishTogether(List<Publication> gathered) throws InterruptedException {
    // The order matters: a partition given away after this line is so in a later generation.
    ConsumerGroupMetadata generation = group;
    List<Publication> free = new ArrayList<>(gathered.size());
    for (Publication publication : gathered) {
      if (!publication.life().isLive()) {
        asked.fail(publication, new PipelineLife.Ended("ended before it was published"));
      } else if (publication.isOver()) {
        asked.fail(publication, new PipelineLife.Ended("is not to be durable"));
      } else if (!held.takes(publication)) {
        free.add(publication);
      }
    }
    if (free.isEmpty()) {
      failures = 0;
      waitingFor = null;
      return;
    }
    switch (transact(free, generation)) {
      case TransactionOutcome.Committed _ -> free.forEach(asked::finish);
      // Who has records for the topics in trouble is held back when it comes round again.
      case TransactionOutcome.NotCommitted _, TransactionOutcome.Refused _ ->
          asked.tryAgain(held.takeBefore(free));
      case TransactionOutcome.NotDurable _ -> {
        // One look for both: who becomes durable between two looks would be published twice.
        List<Publication> durable = new ArrayList<>();
        List<Publication> late = new ArrayList<>();
        free.forEach(each -> (each.isDurable() ? durable : late).add(each));
        asked.putOff(late);
        asked.tryAgain(held.takeBefore(durable));
      }
      case TransactionOutcome.TooLarge(var letters) ->
          asked.tryAgain(
              held.takeBefore(free.stream().map(each -> each.shortened(letters)).toList()));
      case TransactionOutcome.Open(RuntimeException cause) -> endAll(free, cause);
    }
  }

  /** Tries one of those that wait for a topic, by itself. */
  private void publishHeld() throws InterruptedException {
    ConsumerGroupMetadata generation = group;
    for (Publication ended : held.withoutEnded()) {
      asked.fail(ended, new PipelineLife.Ended("ended before it was published"));
    }
    if (!transactions.isConnected() || asked.hasToTryAgain()) {
      // What comes before is to be published before.
      return;
    }
    List<Publication> due =
        held.due(PublicationQueue.GROUP_PUBLICATIONS_MAX).stream()
            .takeWhile(Publication::isDurable)
            .toList();
    if (!due.isEmpty()) {
      switch (transact(due, generation)) {
        case TransactionOutcome.Committed _ -> {
          held.published(due);
          due.forEach(asked::finish);
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
    if (isClosing()) {
      held.removeAll().forEach(rest -> asked.fail(rest, new PipelineLife.Ended("the node stops")));
    }
  }

  /** Makes a transaction of these, and heeds what its outcome means for all others. */
  private TransactionOutcome transact(
      List<Publication> live, @Nullable ConsumerGroupMetadata generation)
      throws InterruptedException {
    TransactionOutcome outcome = transactions.make(live, generation);
    switch (outcome) {
      case TransactionOutcome.Committed _ -> {
        failures = 0;
        waitingFor = null;
      }
      case TransactionOutcome.NotCommitted(CommitFailedException cause, boolean isAborted) -> {
        if (failures == 0) {
          LOG.info("The group has moved on, publishing again: {}", cause.getMessage());
        }
        if (isAborted) {
          pauseAfter(cause);
        }
      }
      case TransactionOutcome.Refused refused -> {
        held.blame(refused, live);
        metrics.failedTry(Server.KAFKA);
      }
      case TransactionOutcome.NotDurable _,
          TransactionOutcome.TooLarge _,
          TransactionOutcome.Open _ -> {}
    }
    return outcome;
  }

  /** The next life of each finds out from the committed offset. */
  private void endAll(List<Publication> open, RuntimeException cause) throws InterruptedException {
    String reason = "publishing failed: " + describe(cause);
    open.forEach(publication -> publication.life().end(reason));
    open.forEach(publication -> asked.fail(publication, cause));
    failed(cause);
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
        time.await(
            asked.closing(), Duration.ofMillis(config.retry().delayMs(failures, time.random())));
  }

  /** The producer wraps what happened. */
  private static String describe(RuntimeException failure) {
    return failure.getCause() == null
        ? "Kafka: " + failure.getMessage()
        : "Kafka: " + failure.getMessage() + ": " + failure.getCause().getMessage();
  }

  private void refuseAll() {
    List<Publication> rest = asked.removeAll();
    rest.addAll(held.removeAll());
    rest.forEach(publication -> asked.fail(publication, new PipelineLife.Ended("the node stops")));
  }
}
