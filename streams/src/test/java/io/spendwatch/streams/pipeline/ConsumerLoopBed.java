package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.kafka.TopicIds;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.life.CountedMetrics;
import io.spendwatch.streams.life.PipelineLife;
import io.spendwatch.streams.pipeline.PartitionPipeline.Begun;
import io.spendwatch.streams.pipeline.PartitionPipeline.Walk;
import io.spendwatch.streams.publish.Publishers;
import io.spendwatch.streams.quarantine.Suspects;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Flow;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/**
 * The loop on the test's own thread: each poll begins with the next step of a script, and time
 * passes only where the loop, or the script, lets it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ConsumerLoopBed {
  static final String TOPIC = "transactions";
  static final TopicPartition P0 = new TopicPartition(TOPIC, 0);
  static final TopicPartition P1 = new TopicPartition(TOPIC, 1);

  /** So often it polls between two steps of the script: enough to find out, begin and be fed. */
  private static final int POLLS = 12;

  static final Duration PATIENCE = Duration.ofSeconds(30);

  static final PipelineConfig CONFIG = config("0 ms");

  static PipelineConfig config(String pollIntervalMin) {
    return StreamsConfig.from(
            ConfigFactory.parseString("spendwatch.pipeline.poll-interval-min = " + pollIntervalMin)
                .withFallback(
                    ConfigFactory.parseString(
                        """
                        spendwatch.node-id = test
                        spendwatch.pipeline {
                          queued-polls-max = 2
                          drain-timeout = 5 s
                          offset-commit-interval = 100 ms
                          end-offset-interval = 2 s
                          poison-tries = 2
                          retry { min = 1 s, max = 10 s }
                        }
                        """))
                .withFallback(ConfigFactory.defaultReference())
                .resolve())
        .pipeline();
  }

  final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));

  ScriptTime time;
  ScriptedConsumer consumer;
  LayoutWatch watch;
  ConsumerLoop loop;
  Map<TopicPartition, List<ScriptedLife>> lives;
  Iterator<Consumer<byte[], byte[]>> consumers;
  String topicId;

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  @BeforeEach
  void begin() {
    time = new ScriptTime();
    consumer = new ScriptedConsumer(TOPIC);
    consumers = List.<Consumer<byte[], byte[]>>of(consumer).iterator();
    lives = new ConcurrentHashMap<>();
    topicId = "id-1";
    loop = loop(CONFIG);
  }

  ConsumerLoop loop(PipelineConfig config) {
    TopicIds ids = topics -> CompletableFuture.completedFuture(Map.of(TOPIC, topicId));
    var metrics = new CountedMetrics();
    watch = new LayoutWatch(TOPIC, null, null, Duration.ofSeconds(1), time, () -> {});
    return new ConsumerLoop(
        kit.system(),
        config,
        this::nextConsumer,
        Map.of(TOPIC, (Walk) this::begin),
        () -> false,
        watch,
        new Publishers(
            _ -> {
              throw new AssertionError("nothing is published");
            },
            ids,
            Set.of(),
            config.publish(),
            metrics,
            time),
        () -> CompletableFuture.completedFuture(Set.of()),
        ids,
        metrics,
        time);
  }

  private Consumer<byte[], byte[]> nextConsumer() {
    if (!consumers.hasNext()) {
      throw new AssertionError("no more consumers are expected than the test has");
    }
    return consumers.next();
  }

  /** Runs the loop through these, one after the other, and stops it. */
  void run(Runnable... steps) {
    List<Runnable> all = new ArrayList<>(Arrays.asList(steps));
    all.add(() -> loop.stop());
    script(consumer, all.toArray(Runnable[]::new));
    loop.start();
    time.runThread();
    assertThat(loop.stop()).isCompleted();
    assertThat(lives.values())
        .allSatisfy(ofPartition -> assertThat(ofPartition).noneMatch(ScriptedLife::isLive));
  }

  static void script(ScriptedConsumer consumer, Runnable... steps) {
    for (Runnable step : steps) {
      consumer.script.add(step);
      consumer.script.addAll(Collections.nCopies(POLLS, () -> {}));
    }
  }

  void assign(TopicPartition... partitions) {
    for (TopicPartition partition : partitions) {
      consumer.updateBeginningOffsets(Map.of(partition, 0L));
      consumer.updateEndOffsets(Map.of(partition, 40L));
    }
    consumer.rebalance(List.of(partitions));
  }

  void produce(TopicPartition partition, int from, int to) {
    for (int offset = from; offset < to; offset++) {
      consumer.addRecord(
          new ConsumerRecord<>(
              TOPIC, partition.partition(), offset, bytes("user"), bytes("" + offset)));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  /** Polls on until the partition's life has taken these, each once and in their order. */
  void assertTaken(TopicPartition partition, int from, int to) {
    assertTaken(partition, from, to, System.nanoTime() + PATIENCE.toNanos());
  }

  private void assertTaken(TopicPartition partition, int from, int to, long untilNanos) {
    if (life(partition).taken.size() < to - from && System.nanoTime() < untilNanos) {
      consumer.script.addFirst(() -> assertTaken(partition, from, to, untilNanos));
    } else {
      assertThat(life(partition).taken)
          .containsExactlyElementsOf(LongStream.range(from, to).boxed().toList());
    }
  }

  ScriptedLife life(TopicPartition partition) {
    return lives.get(partition).getLast();
  }

  private CompletionStage<Begun> begin(
      PipelineLife pipelineLife, SourceState kafka, Suspects suspects) {
    ScriptedLife life = new ScriptedLife(pipelineLife, kafka, suspects);
    lives.computeIfAbsent(pipelineLife.source(), _ -> new CopyOnWriteArrayList<>()).add(life);
    return CompletableFuture.completedFuture(
        new Begun(
            kafka.committed().orElse(kafka.begin()),
            Flow.<List<ConsumerRecord<byte[], byte[]>>>create()
                .via(pipelineLife.gate().flow())
                .mapAsync(1, life::take)));
  }
}
