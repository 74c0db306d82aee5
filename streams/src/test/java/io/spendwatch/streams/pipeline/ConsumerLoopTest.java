package io.spendwatch.streams.pipeline;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.OffsetNote;
import io.spendwatch.streams.kafka.SourceState;
import io.spendwatch.streams.kafka.TopicIds;
import io.spendwatch.streams.layout.LayoutWatch;
import io.spendwatch.streams.ledger.TopicLayout;
import io.spendwatch.streams.life.CountedMetrics;
import io.spendwatch.streams.life.PartitionStatus;
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
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Flow;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The loop on the test's own thread: each poll begins with the next step of a script, and time
 * passes only where the loop, or the script, lets it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsumerLoopTest {
  private static final String TOPIC = "transactions";
  private static final TopicPartition P0 = new TopicPartition(TOPIC, 0);
  private static final TopicPartition P1 = new TopicPartition(TOPIC, 1);

  /** So often it polls between two steps of the script: enough to find out, begin and be fed. */
  private static final int POLLS = 12;

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static final PipelineConfig CONFIG = config("0 ms");

  private static PipelineConfig config(String pollIntervalMin) {
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

  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));

  private ScriptTime time;
  private ScriptedConsumer consumer;
  private LayoutWatch watch;
  private ConsumerLoop loop;
  private Map<TopicPartition, List<ScriptedLife>> lives;
  private Iterator<Consumer<byte[], byte[]>> consumers;
  private String topicId;

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

  private ConsumerLoop loop(PipelineConfig config) {
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

  @Test
  void readsOnFromWhatIsCommittedAndInTheOrderOfTheLog() {
    consumer.committed = Map.of(P0, new OffsetAndMetadata(3, OffsetNote.of(7)));
    run(() -> assign(P0), () -> produce(P0, 0, 40), () -> assertTaken(P0, 3, 40));
    assertThat(lives.get(P0)).hasSize(1);
    assertThat(life(P0).kafka)
        .isEqualTo(new SourceState("id-1", 0, 40, OptionalLong.of(3), OptionalLong.of(7)));
  }

  @Test
  void takesWhatCameSinceTogetherWithWhatTheClientHadFetchedAhead() {
    loop = loop(config("15 ms"));
    run(
        () -> assign(P0),
        () -> produce(P0, 0, 4),
        () -> assertTaken(P0, 0, 4),
        () -> assertThat(life(P0).polls).containsExactly(2, 2));
  }

  @Test
  void losesNothingWhereTheSecondLookFails() {
    loop = loop(config("15 ms"));
    run(
        () -> assign(P0),
        () -> {
          produce(P0, 0, 1);
          consumer.script.addFirst(
              () -> consumer.setPollException(new TimeoutException("no answer")));
        },
        () -> assertTaken(P0, 0, 1),
        () -> {
          produce(P0, 1, 2);
          consumer.script.addFirst(consumer::wakeup);
        },
        () -> assertTaken(P0, 0, 2),
        () -> {
          produce(P0, 2, 3);
          consumer.script.addFirst(
              () -> consumer.setPollException(new OffsetOutOfRangeException(Map.of(P0, 3L))));
        },
        () -> assertTaken(P0, 0, 3),
        () -> assertThat(lives.get(P0)).hasSize(1));
  }

  @Test
  void readsNoFurtherAheadThanItsQueueAndGoesOnPollingForTheOthers() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).isBlocked = true;
          produce(P0, 0, 50);
          produce(P1, 0, 50);
        },
        () -> assertTaken(P1, 0, 50),
        () -> {
          assertThat(consumer.paused()).containsExactly(P0);
          // Queued, and one that is under way.
          assertThat(consumer.position(P0)).isLessThanOrEqualTo(CONFIG.queuedPollsMax() + 2);
          life(P0).release();
        },
        () -> assertTaken(P0, 0, 50),
        () -> assertThat(consumer.paused()).isEmpty());
  }

  @Test
  void finishesWhatIsInFlightBeforeAPartitionIsGivenAway() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).isBlocked = true;
          produce(P0, 0, 1);
        },
        () -> {
          await().until(() -> !life(P0).taken.isEmpty());
          time.patience = PATIENCE;
          kit.system()
              .scheduler()
              .scheduleOnce(
                  Duration.ofMillis(50), life(P0)::release, kit.system().executionContext());
          assign(P1);
          time.patience = Duration.ZERO;
          assertThat(life(P0).reason()).isEqualTo("drained");
          assertThat(life(P0).finished).hasSize(1);
          assertThat(loop.status()).extracting(PartitionStatus::partition).containsExactly(1);
          assertThat(life(P1).isLive()).isTrue();
        });
  }

  @Test
  void givesAPartitionAwayInAnyCaseOnceTheTimeForItIsOver() {
    run(
        () -> assign(P0),
        () -> {
          life(P0).isBlocked = true;
          produce(P0, 0, 1);
        },
        () -> {
          await().until(() -> !life(P0).taken.isEmpty());
          long beforeNanos = time.nanoTime();
          assign();
          assertThat(time.nanoTime() - beforeNanos).isEqualTo(CONFIG.drainTimeout().toNanos());
          assertThat(life(P0).reason()).startsWith("not drained within");
        });
  }

  @Test
  void endsAtOnceWhatTheGroupHasGivenToAnother() {
    run(
        () -> assign(P0, P1),
        () -> {
          consumer.listener.onPartitionsLost(List.of(P0));
          assertThat(life(P0).reason()).startsWith("lost");
          assertThat(life(P1).isLive()).isTrue();
        });
  }

  @Test
  void isWokenByWhatItIsGivenAndWaitsLongForRecordsOnlyWhereNothingElseIsToBeDone() {
    Duration brief = Duration.ofMillis(100);
    Duration patient = Duration.ofMillis(500);
    run(
        () -> assertThat(consumer.timeouts).containsOnly(brief),
        () -> assign(P0, P1),
        () -> {
          assertThat(consumer.wakeups).isPositive();
          assertThat(consumer.timeouts.getLast()).as("both are read").isEqualTo(patient);
          life(P0).failsWith = new IllegalStateException("broken");
          produce(P0, 0, 1);
        },
        () -> await().until(() -> !life(P0).isLive()),
        () -> {
          assertThat(consumer.timeouts.getLast()).as("one waits to begin").isEqualTo(brief);
          time.pass(Duration.ofSeconds(2));
          consumer.timeouts.clear();
        },
        () -> assertThat(consumer.timeouts.getLast()).as("begun anew").isEqualTo(patient));
  }

  @Test
  void beginsAFailedPartitionAnewAfterAPauseAndLeavesTheOthersAlone() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).failsWith = new IllegalStateException("broken");
          produce(P0, 0, 1);
        },
        () -> await().until(() -> !life(P0).isLive()),
        () -> {
          assertThat(lives.get(P0)).as("not before the pause is over").hasSize(1);
          assertThat(loop.status().getFirst().waitingFor())
              .get(InstanceOfAssertFactories.STRING)
              .contains("broken");
          time.pass(CONFIG.retry().max());
        },
        () -> {
          assertThat(lives.get(P0)).hasSize(2);
          assertThat(consumer.position(P0)).as("reads again what was in flight").isZero();
          assertThat(lives.get(P1)).hasSize(1);
          assertThat(life(P1).isLive()).isTrue();
          produce(P1, 0, 3);
        },
        () -> assertTaken(P1, 0, 3));
  }

  @Test
  void tellsTheNextLifeWhichRecordsMadeOurOwnCodeFail() {
    run(
        () -> assign(P0),
        () -> {
          life(P0).failsWith = new IllegalArgumentException("poison");
          life(P0).isDefect = true;
          produce(P0, 0, 1);
        },
        () -> {
          await().until(() -> !life(P0).isLive());
          assertThat(life(P0).suspects.isCondemned(0)).isFalse();
        },
        () -> time.pass(CONFIG.retry().max()),
        () -> {
          life(P0).failsWith = new IllegalArgumentException("poison");
          life(P0).isDefect = true;
          produce(P0, 0, 1);
        },
        () -> await().until(() -> !life(P0).isLive()),
        () -> time.pass(CONFIG.retry().max()),
        () -> {
          assertThat(lives.get(P0)).hasSize(3);
          assertThat(life(P0).suspects.isCondemned(0)).isTrue();
        });
  }

  @Test
  void finishesWhatItHasReadWhereTheLogDoesNotHaveWhatIsNext() {
    run(
        () -> assign(P0),
        () -> produce(P0, 0, 2),
        () -> assertTaken(P0, 0, 2),
        () -> consumer.setPollException(new OffsetOutOfRangeException(Map.of(P0, 2L))),
        () -> {
          await().until(() -> !life(P0).isLive());
          assertThat(life(P0).reason()).isEqualTo("finished");
          assertThat(life(P0).finished).hasSize(2);
        });
  }

  @Test
  void endsWhoeverWorksUnderALayoutThatIsOver() {
    run(
        () -> assign(P0, P1),
        () -> {
          life(P0).pipelineLife.progress().worksUnder(1);
          life(P1).pipelineLife.progress().worksUnder(2);
          watch.seen(new TopicLayout(2, 2, List.of(1), Optional.empty()));
        },
        () -> {
          assertThat(life(P0).reason()).contains("layout");
          assertThat(life(P1).isLive()).isTrue();
        });
  }

  @Test
  void endsWhoeverReadsATopicThatWasMadeAnew() {
    run(
        () -> assign(P0),
        () -> {
          topicId = "id-2";
          time.pass(CONFIG.endOffsetInterval());
        },
        () -> assertThat(life(P0).reason()).contains("made anew"),
        () -> time.pass(CONFIG.retry().max()),
        () -> assertThat(life(P0).kafka.topicId()).isEqualTo("id-2"));
  }

  @Test
  void beginsWithANewConsumerWhereReadingFails() {
    var second = new ScriptedConsumer(TOPIC);
    consumers = List.<Consumer<byte[], byte[]>>of(consumer, second).iterator();
    script(
        consumer,
        () -> assign(P0),
        () -> {
          consumer.setPollException(new KafkaException("no broker"));
        });
    script(
        second,
        () -> {
          assertThat(life(P0).reason()).isEqualTo("reading failed");
          assertThat(loop.waitingFor()).get(InstanceOfAssertFactories.STRING).contains("no broker");
          assertThat(loop.status()).isEmpty();
          loop.stop();
        });
    loop.start();
    time.runThread();
    assertThat(consumer.closed()).isTrue();
    assertThat(second.closed()).isTrue();
  }

  @Test
  void endsAllOfItsPartitionsAndSaysThatItIsOverWhereAnErrorEndsTheThread() {
    script(
        consumer,
        () -> assign(P0),
        () -> {
          throw new NoClassDefFoundError("of some library");
        });
    loop.start();
    assertThatThrownBy(time::runThread).isInstanceOf(NoClassDefFoundError.class);
    assertThat(life(P0).reason()).isEqualTo("reading has ended");
    assertThat(loop.stop()).isCompleted();
  }

  @Test
  void tellsOfAnErrorThatEndsTheThread() {
    CompletableFuture<String> death = new CompletableFuture<>();
    Timekeeper.real(time, death::complete)
        .startThread(
            "spendwatch-consumer",
            () -> {
              script(
                  consumer,
                  () -> {
                    throw new NoClassDefFoundError("of some library");
                  });
              loop.start();
              time.runThread();
            });
    assertThat(death)
        .succeedsWithin(PATIENCE)
        .asString()
        .contains("spendwatch-consumer", "NoClassDefFoundError");
  }

  /** Runs the loop through these, one after the other, and stops it. */
  private void run(Runnable... steps) {
    List<Runnable> all = new ArrayList<>(Arrays.asList(steps));
    all.add(() -> loop.stop());
    script(consumer, all.toArray(Runnable[]::new));
    loop.start();
    time.runThread();
    assertThat(loop.stop()).isCompleted();
    assertThat(lives.values())
        .allSatisfy(ofPartition -> assertThat(ofPartition).noneMatch(ScriptedLife::isLive));
  }

  private static void script(ScriptedConsumer consumer, Runnable... steps) {
    for (Runnable step : steps) {
      consumer.script.add(step);
      consumer.script.addAll(Collections.nCopies(POLLS, () -> {}));
    }
  }

  private void assign(TopicPartition... partitions) {
    for (TopicPartition partition : partitions) {
      consumer.updateBeginningOffsets(Map.of(partition, 0L));
      consumer.updateEndOffsets(Map.of(partition, 40L));
    }
    consumer.rebalance(List.of(partitions));
  }

  private void produce(TopicPartition partition, int from, int to) {
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
  private void assertTaken(TopicPartition partition, int from, int to) {
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

  private ScriptedLife life(TopicPartition partition) {
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
