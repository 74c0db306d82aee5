package io.spendwatch.streams.pipeline;

import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.HangingTransactions;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.kafka.SourceStates;
import io.spendwatch.streams.kafka.TopicIds;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.life.PartitionLine;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PartitionStatus;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.life.PipelineMetrics.Server;
import io.spendwatch.streams.pipeline.PartitionPipeline.Walk;
import io.spendwatch.streams.publish.Publishers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.common.TopicPartition;
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
 * A partition whose pipeline has no room is paused, so memory is bounded by partitions × queue ×
 * poll. A pipeline that ends while its partition is still ours is started anew from the committed
 * offset, after a pause, and not before the publisher has finished with the life before: the offset
 * read then says exactly what is published.
 *
 * <p>The client never decides where reading goes on: where the log does not have what is to be read
 * next, what has been read is finished, and the next life finds out what is lost.
 */
final class ConsumerLoop {
  private static final Logger LOG = LoggerFactory.getLogger(ConsumerLoop.class);
  private static final Duration POLL = Duration.ofMillis(100);

  /** The same where all partitions read on: whatever else happens ends the poll by waking it. */
  private static final Duration POLL_AT_REST = Duration.ofMillis(500);

  /** What a poll answers sooner than any broker was there before it. */
  private static final long AT_ONCE_NANOS = 2_000_000;

  /** More than so many from one fetch are a backlog, of which the next poll has more. */
  private static final int BACKLOG_RECORDS = 400;

  /** What is being written is waited for so long at most, since the poll before. */
  private static final long WRITTEN_NANOS = 40_000_000;

  private static final Duration WRITTEN_LOOK = Duration.ofMillis(2);

  /** For the answer to a fetch that has something to answer with. */
  private static final Duration ANSWER = Duration.ofMillis(3);

  /** After how long without an answer Kafka is said to be waited for. */
  private static final long NO_ANSWER_MS = 10_000;

  private final ActorSystem<?> system;
  private final PipelineConfig config;
  private final Supplier<Consumer<byte[], byte[]>> readers;
  private final Map<String, Walk> walks;
  private final BooleanSupplier isWriting;
  private final LayoutWatch watch;
  private final Publishers publishers;
  private final SourceStates sourceStates;
  private final TopicWatch topicWatch;
  private final PipelineMetrics metrics;
  private final Timekeeper time;
  private final Map<TopicPartition, AssignedPartition> assigned = new ConcurrentHashMap<>();
  private final CompletableFuture<Done> stop = new CompletableFuture<>();
  private final CompletableFuture<Done> stopped = new CompletableFuture<>();
  private volatile @Nullable Consumer<byte[], byte[]> reader;
  private volatile Map<String, Integer> partitionCounts = Map.of();
  private volatile @Nullable String waitingFor;
  private long polledNanos;

  /** Whether there is more than we can take: then only our own room decides when to read on. */
  private boolean isBehind;

  private long answeredMs;
  private long startsDueMs;
  private long endsDueMs;

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
    this.system = system;
    this.config = config;
    this.readers = readers;
    this.walks = walks;
    this.isWriting = isWriting;
    this.watch = watch;
    this.publishers = publishers;
    this.sourceStates = new SourceStates(hanging);
    this.topicWatch =
        new TopicWatch(topicIds, walks.keySet(), config.endOffsetInterval(), time, this::wake);
    this.metrics = metrics;
    this.time = time;
  }

  void start() {
    time.startThread("spendwatch-consumer", this::run);
  }

  /** Stops reading, drains what is in flight (bounded), and leaves the group. */
  CompletionStage<Done> stop() {
    stop.complete(Done.done());
    wake();
    return stopped;
  }

  /** How many partitions each topic has; empty while unknown. For any thread. */
  Map<String, Integer> partitionCounts() {
    return partitionCounts;
  }

  /** For any thread. */
  List<PartitionStatus> status() {
    return assigned.values().stream()
        .map(partition -> partition.progress().status())
        .sorted(
            Comparator.comparing(PartitionStatus::topic)
                .reversed()
                .thenComparingInt(PartitionStatus::partition))
        .toList();
  }

  /** What the thread waits for, for people; empty while nothing. For any thread. */
  Optional<String> waitingFor() {
    return Optional.ofNullable(waitingFor);
  }

  private void run() {
    try {
      read();
    } finally {
      // Also where an error ends the thread: whoever waits for it is not to wait for ever.
      lose(List.copyOf(assigned.keySet()), "reading has ended");
      stopped.complete(Done.done());
    }
  }

  private void read() {
    int failures = 0;
    answeredMs = time.millis();
    polledNanos = time.nanoTime();
    while (!isStopping()) {
      try (Consumer<byte[], byte[]> current = readers.get()) {
        reader = current;
        current.subscribe(walks.keySet(), new Rebalances(current));
        while (!isStopping()) {
          step(current);
          failures = 0;
        }
        publishers.inGroup(current.groupMetadata());
        drain(List.copyOf(assigned.values()));
      } catch (RuntimeException e) {
        failures++;
        metrics.failedTry(Server.KAFKA);
        LOG.error("Reading failed, beginning anew after a pause", e);
        waitingFor = "Kafka: " + e.getMessage();
        lose(List.copyOf(assigned.keySet()), "reading failed");
        awaitStop(Duration.ofMillis(config.retry().delayMs(failures, time.random())));
      } finally {
        reader = null;
      }
    }
  }

  private void step(Consumer<byte[], byte[]> current) {
    try {
      feed(poll(current));
      publishers.inGroup(current.groupMetadata());
      endOutdated();
      restartEnded();
      startPending(current);
      lookAtTopics();
      flow(current);
      askForEnds(current);
    } catch (WakeupException e) {
      LOG.trace("Somebody has something for the next step");
    } catch (TimeoutException e) {
      // Asked again with one of the next steps; what runs goes on meanwhile.
      metrics.failedTry(Server.KAFKA);
      if (time.millis() - answeredMs > NO_ANSWER_MS) {
        waitingFor = "Kafka: " + e.getMessage();
      }
    }
  }

  /**
   * The client asks for more before it hands over what it has, so what is there at once is of just
   * after the poll before, and all that came since is one answer away. Both are taken, as one.
   */
  private List<ConsumerRecords<byte[], byte[]>> poll(Consumer<byte[], byte[]> current) {
    awaitNextPoll();
    long askedNanos = time.nanoTime();
    ConsumerRecords<byte[], byte[]> first = look(current);
    boolean isOld =
        !config.pollIntervalMin().isZero() && time.nanoTime() - askedNanos < AT_ONCE_NANOS;
    isBehind =
        first.count() > BACKLOG_RECORDS
            || assigned.values().stream().anyMatch(AssignedPartition::isFull);
    if (first.isEmpty() || !isOld || isBehind) {
      return List.of(first);
    }
    try {
      return List.of(first, current.poll(ANSWER));
    } catch (WakeupException | TimeoutException | InvalidOffsetException e) {
      // What has been read would not be read again. What lasts, the next poll says once more.
      LOG.trace("The second look has to be left out", e);
      return List.of(first);
    }
  }

  private ConsumerRecords<byte[], byte[]> look(Consumer<byte[], byte[]> current) {
    try {
      return current.poll(isAtRest() ? POLL_AT_REST : POLL);
    } catch (WakeupException e) {
      // Somebody has something for the rest of this step.
      return ConsumerRecords.empty();
    } catch (InvalidOffsetException e) {
      // Retention has overtaken us, or the log was cut back. What has been read is still assessed.
      for (TopicPartition source : e.partitions()) {
        AssignedPartition partition = assigned.get(source);
        if (partition != null) {
          pause(current, partition, true);
          partition.live().ifPresent(life -> finish(partition, life));
        }
      }
      return ConsumerRecords.empty();
    }
  }

  /** Whether no partition waits for a step of ours, nor the ends to be asked for within one. */
  private boolean isAtRest() {
    return !assigned.isEmpty()
        && endsDueMs - time.millis() >= POLL_AT_REST.toMillis()
        && assigned.values().stream().allMatch(AssignedPartition::isReading);
  }

  private static void finish(AssignedPartition partition, PartitionPipeline life) {
    PartitionLine.about(partition.source(), LOG.atWarn())
        .addKeyValue("offset", partition.progress().position())
        .log("The topic does not have what is to be read next");
    life.finish();
  }

  /**
   * The broker answers a fetch with the first record that it has, and each poll sends one: how many
   * records come together, and how many fetches are made, is decided by the pause between looks. It
   * is longer where writing takes longer: what comes meanwhile would only wait here, in more
   * batches.
   */
  private void awaitNextPoll() {
    long pauseNanos = polledNanos + config.pollIntervalMin().toNanos() - time.nanoTime();
    if (pauseNanos > 0) {
      awaitStop(Duration.ofNanos(pauseNanos));
      while (!isBehind
          && !isStopping()
          && isWriting.getAsBoolean()
          && time.nanoTime() - polledNanos < WRITTEN_NANOS) {
        awaitStop(WRITTEN_LOOK);
      }
    }
    polledNanos = time.nanoTime();
  }

  private void feed(List<ConsumerRecords<byte[], byte[]>> polled) {
    Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
    for (ConsumerRecords<byte[], byte[]> each : polled) {
      for (TopicPartition source : each.partitions()) {
        records.merge(source, each.records(source), ConsumerLoop::both);
      }
    }
    records.forEach(this::feed);
  }

  private void feed(TopicPartition source, List<ConsumerRecord<byte[], byte[]>> records) {
    AssignedPartition partition = assigned.get(source);
    if (partition == null) {
      return;
    }
    // Records of a life that has ended are read again by the next one.
    partition
        .live()
        .filter(PartitionPipeline::isRunning)
        .ifPresent(
            life -> {
              long nextOffset = records.getLast().offset() + 1;
              partition.progress().read(nextOffset, records.getFirst().timestamp(), time.millis());
              life.offer(records);
            });
  }

  private static List<ConsumerRecord<byte[], byte[]>> both(
      List<ConsumerRecord<byte[], byte[]>> first, List<ConsumerRecord<byte[], byte[]>> second) {
    List<ConsumerRecord<byte[], byte[]>> both = new ArrayList<>(first);
    both.addAll(second);
    return both;
  }

  /** Whoever works under a layout of the topic that is over can write nothing any more. */
  private void endOutdated() {
    for (AssignedPartition partition : assigned.values()) {
      if (partition.progress().isOutdated(watch::isOutdated)) {
        partition.live().ifPresent(life -> life.end("the layout of the topic has changed"));
      }
    }
  }

  private void restartEnded() {
    long nowMs = time.millis();
    for (AssignedPartition partition : assigned.values()) {
      partition.noteEnd(nowMs, config.retry(), time.random());
    }
  }

  /** Starts what has no life: reads offsets and notes of all such partitions in one request. */
  private void startPending(Consumer<byte[], byte[]> current) {
    long nowMs = time.millis();
    if (nowMs < startsDueMs) {
      return;
    }
    Map<TopicPartition, AssignedPartition> pending = new HashMap<>();
    for (AssignedPartition partition : assigned.values()) {
      if (partition.mayStart(nowMs) && !publishers.isBusyWith(partition.source())) {
        pending.put(partition.source(), partition);
      }
    }
    if (pending.isEmpty()) {
      return;
    }
    Map<String, String> ids = topicsOf(pending.values());
    pending.keySet().removeIf(source -> !ids.containsKey(source.topic()));
    if (pending.isEmpty()) {
      return;
    }
    // An offset that is part of an open transaction is not answered before its end; don't spend all
    // the time on waiting for it.
    startsDueMs = nowMs + 2 * KafkaConfig.ASK.toMillis();
    partitionCounts =
        walks.keySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    topic -> topic, topic -> current.partitionsFor(topic, KafkaConfig.ASK).size()));
    Map<TopicPartition, SourceState> states =
        sourceStates.of(current, pending.keySet(), ids, KafkaConfig.ASK);
    answered();
    states.forEach(
        (source, kafka) ->
            start(Objects.requireNonNull(pending.get(source), "asked for"), kafka, nowMs));
    startsDueMs = nowMs;
  }

  private void start(AssignedPartition partition, SourceState kafka, long nowMs) {
    PipelineLife life = new PipelineLife(partition.source(), partition.progress());
    PartitionPipeline pipeline =
        new PartitionPipeline(system, life, config.queuedPollsMax(), this::wake);
    partition.started(pipeline, kafka.topicId(), nowMs);
    Walk walk = Objects.requireNonNull(walks.get(partition.source().topic()), "subscribed to");
    pipeline.start(walk, kafka, partition.suspects());
  }

  /**
   * The ids of the topics of these partitions, as they were after the partitions came to wait for
   * them; without those that are not known.
   */
  private Map<String, String> topicsOf(Collection<AssignedPartition> pending) {
    long sinceMs = pending.stream().mapToLong(AssignedPartition::pendingSinceMs).max().orElse(0);
    Optional<Map<String, String>> ids = topicWatch.idsSince(sinceMs);
    if (ids.isEmpty()) {
      topicWatch
          .failure()
          .ifPresent(
              failure -> {
                waitingFor = failure;
                startsDueMs = time.millis() + 2 * KafkaConfig.ASK.toMillis();
              });
      return Map.of();
    }
    for (AssignedPartition partition : pending) {
      String topic = partition.source().topic();
      if (!ids.get().containsKey(topic)) {
        waitingFor = "Kafka: topic " + topic + " is missing";
      }
    }
    return ids.get();
  }

  /** A topic may be deleted and made anew so quickly that nothing else tells us. */
  private void lookAtTopics() {
    topicWatch.refresh();
    Map<String, String> ids = topicWatch.ids();
    for (AssignedPartition partition : assigned.values()) {
      String id = ids.get(partition.source().topic());
      if (id != null && partition.isOfAnother(id)) {
        partition.live().ifPresent(life -> life.end("its topic was deleted and made anew"));
      }
    }
  }

  /** Lets those be read that have room. */
  private void flow(Consumer<byte[], byte[]> current) {
    for (AssignedPartition partition : assigned.values()) {
      Optional<PartitionPipeline> withRoom = partition.live().filter(PartitionPipeline::hasRoom);
      if (withRoom.isPresent() && !partition.isPositioned()) {
        current.seek(partition.source(), withRoom.get().startOffset());
        partition.positioned();
      }
      pause(current, partition, withRoom.isEmpty());
      if (partition.isPositioned()) {
        current.currentLag(partition.source()).ifPresent(partition.progress()::unread);
      }
    }
  }

  private static void pause(
      Consumer<byte[], byte[]> current, AssignedPartition partition, boolean mustPause) {
    if (mustPause != partition.isPaused()) {
      if (mustPause) {
        current.pause(Set.of(partition.source()));
      } else {
        current.resume(Set.of(partition.source()));
      }
      partition.paused(mustPause);
    }
  }

  /** Only the broker's own word for a partition's end, at a known time, says that it is idle. */
  private void askForEnds(Consumer<byte[], byte[]> current) {
    long askedAtMs = time.millis();
    if (askedAtMs < endsDueMs) {
      return;
    }
    // A growth waits for whoever has nothing to read, too.
    boolean grows = watch.layout().flatMap(TopicLayout::growth).isPresent();
    endsDueMs = askedAtMs + (grows ? config.tick() : config.endOffsetInterval()).toMillis();
    Map<TopicPartition, PartitionProgress> live = new HashMap<>();
    for (AssignedPartition partition : assigned.values()) {
      if (partition.isLive() && partition.isPositioned()) {
        live.put(partition.source(), partition.progress());
      }
    }
    if (live.isEmpty()) {
      return;
    }
    Map<TopicPartition, Long> ends = current.endOffsets(live.keySet(), KafkaConfig.ASK);
    answered();
    live.forEach(
        (source, progress) -> {
          long end = Objects.requireNonNull(ends.get(source), "its end");
          if (current.position(source, KafkaConfig.ASK) >= end) {
            progress.readToEnd(askedAtMs);
          }
        });
  }

  private void answered() {
    answeredMs = time.millis();
    waitingFor = null;
  }

  /** Lets them finish what is in flight, for a bounded time; then they are over in any case. */
  private void drain(Collection<AssignedPartition> given) {
    List<PartitionPipeline> live =
        given.stream().flatMap(partition -> partition.live().stream()).toList();
    live.forEach(PartitionPipeline::drain);
    CompletableFuture<Void> drained =
        CompletableFuture.allOf(
            live.stream()
                .map(pipeline -> pipeline.ended().toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new));
    try {
      if (!time.await(drained, config.drainTimeout())) {
        live.forEach(
            pipeline ->
                pipeline.end("not drained within " + config.drainTimeout().toMillis() + " ms"));
      }
    } catch (InterruptedException e) {
      live.forEach(pipeline -> pipeline.end("interrupted"));
      Thread.currentThread().interrupt();
    }
  }

  private void lose(Collection<TopicPartition> lost, String reason) {
    for (TopicPartition source : lost) {
      AssignedPartition partition = assigned.remove(source);
      if (partition != null) {
        partition.live().ifPresent(life -> life.end(reason));
      }
    }
  }

  /** Lets the thread look at what has changed. For any thread. */
  void wake() {
    Consumer<byte[], byte[]> current = reader;
    if (current != null) {
      current.wakeup();
    }
  }

  private boolean isStopping() {
    return stop.isDone();
  }

  private void awaitStop(Duration atMost) {
    try {
      boolean _ = time.await(stop, atMost);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      stop.complete(Done.done());
    }
  }

  private static String named(Collection<TopicPartition> sources) {
    return sources.stream()
        .sorted(
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition))
        .map(TopicPartition::toString)
        .collect(Collectors.joining(","));
  }

  /** Called within poll and close, on the polling thread. */
  private final class Rebalances implements ConsumerRebalanceListener {
    private final Consumer<byte[], byte[]> current;

    Rebalances(Consumer<byte[], byte[]> current) {
      this.current = current;
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> added) {
      // What follows of it is done after the poll, which would go on without records.
      current.wakeup();
      if (added.isEmpty()) {
        return;
      }
      LOG.atInfo().addKeyValue("partitions", named(added)).log("Assigned");
      current.pause(added);
      for (TopicPartition source : added) {
        // Until its pipeline says where to go on; without a place the client would look for one.
        current.seek(source, 0);
        assigned.put(
            source, new AssignedPartition(source, config.poisonTries(), metrics, time.millis()));
      }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
      if (revoked.isEmpty()) {
        return;
      }
      LOG.atInfo().addKeyValue("partitions", named(revoked)).log("Giving away");
      // What is drained is published in the generation of this very rebalance.
      publishers.inGroup(current.groupMetadata());
      drain(revoked.stream().map(assigned::get).filter(Objects::nonNull).toList());
      revoked.forEach(assigned::remove);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> lost) {
      LOG.atWarn().addKeyValue("partitions", named(lost)).log("Lost");
      lose(lost, "lost: the group has given the partition to another");
    }
  }
}
