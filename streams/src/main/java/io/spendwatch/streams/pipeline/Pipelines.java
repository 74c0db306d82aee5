package io.spendwatch.streams.pipeline;

import io.spendwatch.actors.partition.PartitionActors;
import io.spendwatch.actors.partition.PartitionCommand.AccountsChanged;
import io.spendwatch.actors.partition.PartitionCommand.AllAccountsChanged;
import io.spendwatch.actors.partition.PartitionCommand.Renamed;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.protocol.Topics;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.kafka.ClientMetrics;
import io.spendwatch.streams.kafka.HangingTransactions;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.kafka.KafkaHangingTransactions;
import io.spendwatch.streams.kafka.KafkaTopicIds;
import io.spendwatch.streams.kafka.KafkaTransactionsTopic;
import io.spendwatch.streams.kafka.TopicIds;
import io.spendwatch.streams.kafka.TransactionsTopic;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.AccountsWriter;
import io.spendwatch.streams.ledger.BalanceListener;
import io.spendwatch.streams.ledger.BalancePush;
import io.spendwatch.streams.ledger.Layouts;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.Sources;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.ledger.UnreadableRows;
import io.spendwatch.streams.life.PipelineMetrics;
import io.spendwatch.streams.pipeline.PartitionPipeline.Walk;
import io.spendwatch.streams.pipeline.start.PartitionStarts;
import io.spendwatch.streams.publish.Publishers;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;

/**
 * All pipelines of a node: one for each partition of the transactions and balances topics that the
 * consumer group assigns to it. For any thread.
 */
public final class Pipelines {
  private final LayoutWatch watch;
  private final ConsumerLoop loop;
  private final Publishers publishers;
  private final BalancePush push;
  private final PartitionStarts starts;
  private final TopicIds topicIds;
  private final CompletableFuture<String> died;

  private Pipelines(
      LayoutWatch watch,
      ConsumerLoop loop,
      Publishers publishers,
      BalancePush push,
      PartitionStarts starts,
      TopicIds topicIds,
      CompletableFuture<String> died) {
    this.watch = watch;
    this.loop = loop;
    this.publishers = publishers;
    this.push = push;
    this.starts = starts;
    this.topicIds = topicIds;
    this.died = died;
  }

  /**
   * Joins the group and begins to read. Topics and schema should be there; where they or the
   * servers are not, it waits for them, and {@link #status()} says so.
   *
   * @param database stays open after {@link #drainAndStop()}; whoever opened it closes it
   * @param writes likewise, for batches of the ledger
   * @param unreadable the node's rows that cannot be read
   * @param actors starts the actors of the transactions partitions
   * @param metrics told of what is done
   * @param clients told of the clients of Kafka
   */
  public static Pipelines start(
      ActorSystem<?> system,
      StreamsConfig config,
      Database database,
      Database writes,
      UnreadableRows unreadable,
      PartitionActors actors,
      PipelineMetrics metrics,
      ClientMetrics clients,
      InstantSource clock) {
    KafkaConfig kafka = config.kafka();
    CompletableFuture<String> died = new CompletableFuture<>();
    return start(
        config,
        new Outside(
            system,
            () -> reader(kafka, clients),
            number -> producer(kafka, number, clients),
            database,
            writes,
            unreadable,
            changes -> new BalanceListener(database, changes, unreadable),
            new KafkaHangingTransactions(kafka),
            new KafkaTransactionsTopic(kafka),
            new KafkaTopicIds(kafka),
            actors,
            metrics,
            Timekeeper.real(clock, died::complete)),
        died);
  }

  private static Consumer<byte[], byte[]> reader(KafkaConfig kafka, ClientMetrics clients) {
    Consumer<byte[], byte[]> opened = new KafkaConsumer<>(kafka.consumerProperties());
    clients.opened(opened);
    return opened;
  }

  private static Producer<byte[], byte[]> producer(
      KafkaConfig kafka, int number, ClientMetrics clients) {
    Producer<byte[], byte[]> opened = new KafkaProducer<>(kafka.producerProperties(number));
    clients.opened(number, opened);
    return opened;
  }

  /**
   * What the pipelines touch outside of themselves.
   *
   * @param readers makes a consumer of the group, not subscribed
   * @param producers as {@link Publishers} takes it
   * @param writes as {@link Ledger} takes it
   * @param push makes the channel that announces balance changes, not started
   * @param hanging transactions that dead nodes of the group have left open
   * @param topic closed once the pipelines have stopped
   * @param topicIds closed when the pipelines have stopped
   */
  record Outside(
      ActorSystem<?> system,
      Supplier<Consumer<byte[], byte[]>> readers,
      IntFunction<Producer<byte[], byte[]>> producers,
      Statements database,
      Statements writes,
      UnreadableRows unreadable,
      Function<BalancePush.Changes, BalancePush> push,
      HangingTransactions hanging,
      TransactionsTopic topic,
      TopicIds topicIds,
      PartitionActors actors,
      PipelineMetrics metrics,
      Timekeeper time) {}

  static Pipelines start(StreamsConfig config, Outside outside) {
    return start(config, outside, new CompletableFuture<>());
  }

  private static Pipelines start(
      StreamsConfig config, Outside outside, CompletableFuture<String> died) {
    PipelineConfig pipeline = config.pipeline();
    Topics topics = config.kafka().topics();
    Timekeeper time = outside.time();
    Publishers publishers =
        new Publishers(
            outside.producers(),
            outside.topicIds(),
            // The transactions, too: what a growth has moved is passed on.
            Set.of(
                topics.alerts(),
                topics.transactions(),
                topics.transactionsDeadLetters(),
                topics.balancesDeadLetters()),
            pipeline.publish(),
            outside.metrics(),
            time);
    AtomicReference<@Nullable ConsumerLoop> reading = new AtomicReference<>();
    Layouts layouts = new Layouts(outside.database());
    LayoutWatch watch =
        new LayoutWatch(
            topics.transactions(),
            outside.topic(),
            layouts,
            pipeline.topicCheckInterval(),
            time,
            () -> Optional.ofNullable(reading.get()).ifPresent(ConsumerLoop::wake));
    ActorNotices notices = new ActorNotices(outside.actors(), config.kafka().partitioner(), watch);
    BalancePush push = outside.push().apply(notices);
    PartitionStarts starts =
        new PartitionStarts(
            config.kafka().nodeId(),
            new Sources(outside.database()),
            publishers,
            pipeline.retry(),
            time);
    Ledger ledger =
        new Ledger(
            outside.database(),
            outside.writes(),
            config.writes().poolSize(),
            pipeline.writeRowsMax(),
            outside.unreadable(),
            time);
    TransactionsPipeline.Dependencies forTransactions =
        new TransactionsPipeline.Dependencies(
            pipeline,
            topics,
            starts,
            outside.actors(),
            new ExposureAssessor(outside.system(), pipeline, time),
            ledger,
            new PartitionClaims(config.kafka().nodeId(), ledger, layouts, watch),
            config.kafka().partitioner(),
            watch,
            publishers,
            push::isUp,
            time);
    BalancesPipeline.Dependencies forBalances =
        new BalancesPipeline.Dependencies(
            pipeline, topics, starts, new AccountsWriter(outside.database()), publishers, time);
    Map<String, Walk> walks =
        Map.of(
            topics.transactions(),
            (life, kafka, suspects) ->
                TransactionsPipeline.begin(forTransactions, life, kafka, suspects),
            // From any partition: each version carries the instant since when it is in force, so
            // that nothing rests on the order in which those of one user arrive.
            topics.balances(),
            (life, kafka, suspects) -> BalancesPipeline.begin(forBalances, life, kafka, suspects));
    ConsumerLoop loop =
        new ConsumerLoop(
            outside.system(),
            pipeline,
            outside.readers(),
            walks,
            ledger::isBusy,
            watch,
            publishers,
            outside.hanging(),
            outside.topicIds(),
            outside.metrics(),
            time);
    reading.set(loop);
    push.start();
    publishers.start();
    loop.start();
    watch.start();
    return new Pipelines(watch, loop, publishers, push, starts, outside.topicIds(), died);
  }

  /** How all pipelines are, now. Cheap. */
  public PipelinesStatus status() {
    Optional<String> waitingFor =
        Stream.of(
                Optional.ofNullable(died.getNow(null)),
                loop.waitingFor(),
                publishers.waitingFor(),
                watch.waitingFor())
            .flatMap(Optional::stream)
            .findFirst();
    return new PipelinesStatus(
        loop.status(), loop.partitionCounts(), push.isUp(), starts.lostRecords(), waitingFor);
  }

  /**
   * How many partitions of the transactions there are, whoever consumes them; those of a growth
   * that is under way included. Empty while this node has not seen it, just after its start. Cheap.
   */
  public OptionalInt transactionsPartitions() {
    return watch.layout().stream()
        .mapToInt(
            layout ->
                layout.growth().map(TopicLayout.Growth::partitions).orElseGet(layout::partitions))
        .findFirst();
  }

  /**
   * Completes when one of the threads has ended that nothing works without, saying which and why:
   * then no record is assessed or published here any more, and the process should end.
   */
  public CompletionStage<String> died() {
    return died;
  }

  /**
   * Stops reading, lets what is in flight become durable and published (bounded by {@code
   * drain-timeout}), leaves the group and ends the threads. What is not done by then, the next
   * owner of the partition does.
   */
  public CompletionStage<Done> drainAndStop() {
    return loop.stop()
        .thenCompose(_ -> publishers.close())
        .thenApply(_ -> Done.done())
        .whenComplete(
            (_, _) -> {
              push.stop();
              watch.stop();
              topicIds.close();
            });
  }

  /** Passes balance changes on to the actors of the partitions that are consumed here. */
  private static final class ActorNotices implements BalancePush.Changes {
    private final PartitionActors actors;
    private final Partitioner partitioner;
    private final LayoutWatch watch;

    ActorNotices(PartitionActors actors, Partitioner partitioner, LayoutWatch watch) {
      this.actors = actors;
      this.partitioner = partitioner;
      this.watch = watch;
    }

    @Override
    public void changed(Set<String> userIds) {
      // Never older than the layout of a life that can still write: that life's claim has told it.
      Optional<TopicLayout> layout = watch.layout();
      if (layout.isEmpty()) {
        anyMayHaveChanged();
        return;
      }
      int count = layout.get().partitions();
      Map<Integer, Set<String>> byPartition = new HashMap<>();
      for (String userId : userIds) {
        byPartition
            .computeIfAbsent(partitioner.partitionOf(userId, count), _ -> new HashSet<>())
            .add(userId);
      }
      byPartition.forEach(
          (partition, users) ->
              actors.of(partition).ifPresent(actor -> actor.tell(new AccountsChanged(users))));
    }

    @Override
    public void renamed(String before, String now) {
      // Only one of them has the user; a topic that grows meanwhile drops all of its memory.
      actors.forEach(actor -> actor.tell(new Renamed(before, now)));
    }

    @Override
    public void anyMayHaveChanged() {
      actors.forEach(actor -> actor.tell(new AllAccountsChanged()));
    }
  }
}
