package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.HangingTransactions;
import io.spendwatch.streams.kafka.SourceStates;
import io.spendwatch.streams.kafka.TopicIds;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.pipeline.PartitionPipeline.Walk;
import io.spendwatch.streams.publish.Publishers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads Kafka: one thread owns the consumer and feeds the pipelines of the assigned partitions.
 *
 * <pre>
 *   assigned ──what Kafka says of it──▶ starting ──where to go on──▶ fed ──revoked: drained, bounded──▶ gone
 *                  ▲                                                  │ ──lost: ended at once─────────▶ gone
 *                  └──pause─── ended ◀────────────────────────────────┘ a failure; records are gone; another topic
 * </pre>
 *
 * Each step of the thread polls ({@link PacedPolls}), feeds the partitions that are ours and reads
 * on where there is room ({@link Assignment}), ends and begins their lives ({@link
 * PartitionLives}), and finds out who has read all there is ({@link LogEnds}). A partition whose
 * pipeline has no room is paused, so memory is bounded by partitions × queue × poll.
 *
 * <p>The client never decides where reading goes on: where the log does not have what is to be read
 * next, what has been read is finished, and the next life finds out what is lost.
 */
final class ConsumerLoop {
  private static final Logger LOG = LoggerFactory.getLogger(ConsumerLoop.class);

  private final PipelineConfig config;
  private final Supplier<Consumer<byte[], byte[]>> readers;
  private final Set<String> topics;
  private final Publishers publishers;
  private final Timekeeper time;
  private final StopRequest stop;
  private final KafkaAnswers answers;
  private final PacedPolls polls;
  private final Assignment assignment;
  private final PartitionLives lives;
  private final LogEnds ends;
  private final CompletableFuture<Done> stopped = new CompletableFuture<>();
  private volatile @Nullable Consumer<byte[], byte[]> reader;

  /**
   * @param readers makes a consumer, not subscribed
   * @param walks what each topic's records go through
   * @param isWriting whether what has been read is still being made durable
   */
  ConsumerLoop(
      ActorSystem<?> system,
      PipelineConfig config,
      Supplier<Consumer<byte[], byte[]>> readers,
      Map<String, Walk> walks,
      BooleanSupplier isWriting,
      LayoutWatch watch,
      Publishers publishers,
      HangingTransactions hanging,
      TopicIds topicIds,
      PipelineMetrics metrics,
      Timekeeper time) {
    this.config = config;
    this.readers = readers;
    this.topics = walks.keySet();
    this.publishers = publishers;
    this.time = time;
    this.stop = new StopRequest(time);
    this.answers = new KafkaAnswers(metrics, time);
    this.ends = new LogEnds(config, watch, answers, time);
    this.polls = new PacedPolls(config.pollIntervalMin(), isWriting, ends, stop, time);
    this.assignment = new Assignment(config, publishers, metrics, time);
    this.lives =
        new PartitionLives(
            system,
            config,
            walks,
            watch,
            publishers,
            new SourceStates(hanging),
            new TopicWatch(topicIds, topics, config.endOffsetInterval(), time, this::wake),
            answers,
            time,
            this::wake);
  }

  void start() {
    time.startThread("spendwatch-consumer", this::run);
  }

  /** Stops reading, drains what is in flight (bounded), and leaves the group. */
  CompletionStage<Done> stop() {
    stop.make();
    wake();
    return stopped;
  }

  /** How many partitions each topic has; empty while unknown. For any thread. */
  Map<String, Integer> partitionCounts() {
    return lives.partitionCounts();
  }

  /** For any thread. */
  List<PartitionStatus> status() {
    return assignment.status();
  }

  /** What the thread waits for, for people; empty while nothing. For any thread. */
  Optional<String> waitingFor() {
    return answers.waitingFor();
  }

  /** Lets the thread look at what has changed. For any thread. */
  void wake() {
    Consumer<byte[], byte[]> current = reader;
    if (current != null) {
      current.wakeup();
    }
  }

  private void run() {
    try {
      read();
    } finally {
      // Also where an error ends the thread: whoever waits for it is not to wait for ever.
      assignment.lose("reading has ended");
      stopped.complete(Done.done());
    }
  }

  private void read() {
    int failures = 0;
    while (!stop.isMade()) {
      try (Consumer<byte[], byte[]> current = readers.get()) {
        reader = current;
        current.subscribe(topics, assignment.rebalances(current));
        while (!stop.isMade()) {
          step(current);
          failures = 0;
        }
        publishers.inGroup(current.groupMetadata());
        assignment.drain();
      } catch (RuntimeException e) {
        failures++;
        LOG.error("Reading failed, beginning anew after a pause", e);
        answers.failed(e);
        assignment.lose("reading failed");
        stop.await(Duration.ofMillis(config.retry().delayMs(failures, time.random())));
      } finally {
        reader = null;
      }
    }
  }

  private void step(Consumer<byte[], byte[]> current) {
    try {
      assignment.feed(polls.poll(current, assignment));
      publishers.inGroup(current.groupMetadata());
      lives.look(current, assignment.partitions());
      assignment.flow(current);
      ends.look(current, assignment.partitions());
    } catch (WakeupException e) {
      LOG.trace("Somebody has something for the next step");
    } catch (TimeoutException e) {
      // Asked again with one of the next steps; what runs goes on meanwhile.
      answers.notAnswered(e);
    }
  }
}
