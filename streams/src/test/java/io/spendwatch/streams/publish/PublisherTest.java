package io.spendwatch.streams.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.DeadLetters;
import io.spendwatch.streams.base.BackOff;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.kafka.TopicWatch;
import io.spendwatch.streams.life.CountedMetrics;
import io.spendwatch.streams.life.PartitionProgress;
import io.spendwatch.streams.life.PipelineLife;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.pekko.Done;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PublisherTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final TopicPartition P0 = new TopicPartition("transactions", 0);
  private static final TopicPartition P1 = new TopicPartition("transactions", 1);
  private static final int VALUE_BYTES_MAX = 100;
  private static final Duration AHEAD_PATIENCE = Duration.ofMillis(200);
  private static final ConsumerGroupMetadata GROUP =
      new MockConsumer<byte[], byte[]>("earliest").groupMetadata();

  private final List<MockProducer<byte[], byte[]>> producers =
      Collections.synchronizedList(new ArrayList<>());
  private final Map<String, String> topics =
      new ConcurrentHashMap<>(Map.of("alerts", "id 1", "dead", "id 2"));
  private final Set<String> stuck = ConcurrentHashMap.newKeySet();
  private final Set<String> refused = ConcurrentHashMap.newKeySet();
  private final PipelineLife first = life(P0);
  private final PipelineLife second = life(P1);
  private RuntimeException brokenOffsets;
  private Publisher publisher;

  @BeforeEach
  void start() {
    publisher = publisher(Duration.ofMillis(20));
  }

  @AfterEach
  void stop() {
    assertThat(publisher.close()).succeedsWithin(LIMIT);
  }

  @Test
  void commitsRecordsAndOffsetInOneTransaction() {
    publisher.start();
    assertThat(publish(first, 10, "a", "b")).succeedsWithin(LIMIT);
    assertThat(producers).hasSize(1);
    assertThat(values(producers.getFirst())).containsExactly("a", "b");
    assertThat(producers.getFirst().commitCount()).isOne();
    assertThat(offsets()).containsExactly(new OffsetAndMetadata(10, "note"));
    assertThat(publisher.isBusyWith(P0)).isFalse();
  }

  @Test
  void gathersOffsetsThatHaveNothingToPublish() {
    // Asked for before the thread starts, so that all of them are there when it gathers.
    List<CompletionStage<Done>> asked =
        List.of(publish(first, 1), publish(second, 1), publish(first, 2), publish(first, 3));
    publisher.start();
    assertThat(asked).allSatisfy(each -> assertThat(each).succeedsWithin(LIMIT));
    assertThat(producers.getFirst().commitCount()).isOne();
    assertThat(offsets()).containsExactly(new OffsetAndMetadata(3, "note"));
  }

  @Test
  void makesAlertsWaitForNobody() {
    publisher = publisher(Duration.ofHours(1));
    publisher.start();
    CompletionStage<Done> waiting = publish(first, 1);
    assertThat(publish(second, 1, "alert")).succeedsWithin(LIMIT);
    assertThat(waiting).succeedsWithin(LIMIT);
  }

  @Test
  void gathersAlertsOfWhoeverIsBehindUntilAnUrgentOne() {
    publisher = publisher(Duration.ofHours(1));
    CompletionStage<Done> behind = publisher.publish(first, 1, "note", List.of(alert("a")), true);
    CompletionStage<Done> alsoBehind =
        publisher.publish(second, 1, "note", List.of(alert("b")), true);
    publisher.start();
    assertThat(publish(first, 2, "urgent")).succeedsWithin(LIMIT);
    assertThat(behind).isCompleted();
    assertThat(alsoBehind).isCompleted();
    assertThat(producers.getFirst().commitCount()).isOne();
    assertThat(values(producers.getFirst())).containsExactly("a", "b", "urgent");
  }

  @Test
  void publishesAlertsOfWhoeverIsBehindAfterTheInterval() {
    publisher.start();
    assertThat(publisher.publish(first, 1, "note", List.of(alert("a")), true))
        .succeedsWithin(LIMIT);
  }

  @Test
  void publishesNothingForALifeThatHasEnded() {
    first.end("revoked");
    CompletionStage<Done> ended = publish(first, 1, "dead");
    publisher.start();
    assertThat(publish(second, 1, "live")).succeedsWithin(LIMIT);
    assertThat(ended).failsWithin(LIMIT);
    assertThat(values(producers.getFirst())).containsExactly("live");
    assertThat(publisher.isBusyWith(P0)).isFalse();
  }

  @Test
  void triesAgainAfterARebalance() {
    publisher.start();
    MockProducer<byte[], byte[]> producer = producer();
    producer.sendOffsetsToTransactionException = new CommitFailedException("stale generation");
    CompletionStage<Done> published = publish(first, 1, "a");
    await().atMost(LIMIT).until(() -> publisher.waitingFor().isPresent());
    assertThat(publisher.isBusyWith(P0)).isTrue();
    producer.sendOffsetsToTransactionException = null;
    assertThat(published).succeedsWithin(LIMIT);
    assertThat(values(producer)).containsExactly("a");
    assertThat(producers).hasSize(1);
    assertThat(first.isLive()).isTrue();
    assertThat(publisher.waitingFor()).isEmpty();
  }

  @Test
  void failsAfterARebalanceThatTookThePartition() {
    publisher.start();
    MockProducer<byte[], byte[]> producer = producer();
    producer.sendOffsetsToTransactionException = new CommitFailedException("stale generation");
    CompletionStage<Done> published = publish(first, 1, "a");
    await().atMost(LIMIT).until(() -> publisher.waitingFor().isPresent());
    first.end("revoked");
    assertThat(published).failsWithin(LIMIT);
    assertThat(values(producer)).isEmpty();
    await("nothing to be waited for").atMost(LIMIT).until(() -> publisher.waitingFor().isEmpty());
  }

  @Test
  void endsTheLivesWhoseOutcomeIsOpenAndTakesANewProducer() {
    publisher.start();
    producer().commitTransactionException = new KafkaException("timed out");
    CompletionStage<Done> open = publish(first, 1, "a");
    assertThat(open).failsWithin(LIMIT);
    assertThat(first.isLive()).isFalse();
    // What the ended life asks for later must not overtake what is open.
    assertThat(publish(first, 2, "b")).failsWithin(LIMIT);
    assertThat(publish(second, 1, "c")).succeedsWithin(LIMIT);
    assertThat(producers).hasSize(2);
    assertThat(producers.getFirst().closed()).isTrue();
    assertThat(values(producers.getLast())).containsExactly("c");
  }

  @Test
  void shortensADeadLetterThatIsTooLargeForItsTopic() {
    publisher.start();
    ProducerRecord<byte[], byte[]> letter =
        DeadLetters.of(
            new ConsumerRecord<>(
                "transactions", 0, 7, new byte[] {'u'}, new byte[VALUE_BYTES_MAX + 1]),
            "dead",
            DeadLetterReason.TOO_LARGE,
            "as it says");
    assertThat(publisher.publish(first, 8, "note", List.of(letter), false)).succeedsWithin(LIMIT);
    assertThat(producers).hasSize(1);
    assertThat(producers.getFirst().history())
        .singleElement()
        .satisfies(
            published -> {
              assertThat(published.value()).isNull();
              assertThat(published.key()).containsExactly('u');
              assertThat(published.headers().lastHeader(DeadLetters.VALUE_OMITTED).value())
                  .asString(UTF_8)
                  .isEqualTo(Integer.toString(VALUE_BYTES_MAX + 1));
            });
    assertThat(offsets()).containsExactly(new OffsetAndMetadata(8, "note"));
    assertThat(first.isLive()).isTrue();
  }

  @Test
  void holdsBackOnlyWhoHasAnAlertThatIsTooLarge() {
    publisher.start();
    CompletionStage<Done> tooLarge = publish(first, 1, "x".repeat(VALUE_BYTES_MAX + 1));
    CompletionStage<Done> behind = publish(first, 2);
    assertThat(publish(second, 1, "c")).succeedsWithin(LIMIT);
    await().atMost(LIMIT).until(() -> waitingFor(first).isPresent());
    assertThat(waitingFor(first))
        .get(InstanceOfAssertFactories.STRING)
        .contains("alerts", "too large");
    assertThat(publish(second, 2, "d")).succeedsWithin(LIMIT);
    assertThat(first.isLive()).isTrue();
    assertThat(tooLarge.toCompletableFuture()).isNotDone();
    first.end("somebody gives up");
    assertThat(tooLarge).failsWithin(LIMIT);
    assertThat(behind).failsWithin(LIMIT);
    assertThat(publisher.isBusyWith(P0)).isFalse();
  }

  @Test
  void publishesForOthersWhileATopicIsMissing() {
    topics.remove("alerts");
    publisher.start();
    CompletionStage<Done> held = publish(first, 1, "a");
    CompletionStage<Done> behind = publish(first, 2);
    assertThat(publish(second, 1)).succeedsWithin(LIMIT);
    await().atMost(LIMIT).until(() -> waitingFor(first).isPresent());
    assertThat(waitingFor(first)).hasValue("Kafka: topic alerts is missing");
    assertThat(waitingFor(second)).isEmpty();
    assertThat(publisher.waitingFor()).isEmpty();
    assertThat(publish(second, 2)).succeedsWithin(LIMIT);
    assertThat(behind.toCompletableFuture()).as("must not overtake").isNotDone();

    topics.put("alerts", "another id");

    assertThat(held).succeedsWithin(LIMIT);
    assertThat(behind).succeedsWithin(LIMIT);
    assertThat(values(producers.getLast())).containsExactly("a");
    await().atMost(LIMIT).until(() -> waitingFor(first).isEmpty());
    assertThat(first.isLive()).isTrue();
    assertThat(publish(first, 3, "b")).succeedsWithin(LIMIT);
  }

  @Test
  void keepsTheOrderOfAPartitionWhereWhatComesBeforeHasToBeTriedAgain() {
    topics.remove("alerts");
    // Asked for before the thread starts, so that all of them are there when it gathers.
    CompletionStage<Done> before = publish(first, 1);
    CompletionStage<Done> held = publish(first, 2, "a");
    brokenOffsets = new CommitFailedException("stale generation");
    publisher.start();
    await().atMost(LIMIT).until(() -> waitingFor(first).isPresent());
    await().atMost(LIMIT).until(() -> producers.getFirst().transactionAborted());

    brokenOffsets = null;
    producers.getFirst().sendOffsetsToTransactionException = null;
    topics.put("alerts", "another id");

    assertThat(before).succeedsWithin(LIMIT);
    assertThat(held).succeedsWithin(LIMIT);
    assertThat(offsets().getLast()).isEqualTo(new OffsetAndMetadata(2, "note"));
  }

  @Test
  void holdsOthersForAMomentOnlyWhereATopicDoesNotAnswer() {
    publisher.start();
    stuck.add("alerts");
    CompletionStage<Done> held = publish(first, 1, "a");
    assertThat(publish(second, 1)).succeedsWithin(LIMIT);
    await().atMost(LIMIT).until(() -> waitingFor(first).isPresent());
    assertThat(waitingFor(first))
        .get(InstanceOfAssertFactories.STRING)
        .contains("topic alerts", "does not answer");
    assertThat(publish(second, 2)).succeedsWithin(LIMIT);
    assertThat(held.toCompletableFuture()).isNotDone();

    stuck.clear();

    // It may be tried just now, and waits for what was sent before until somebody waits for it.
    assertThat(publish(second, 3)).succeedsWithin(LIMIT);
    assertThat(held).succeedsWithin(LIMIT);
    assertThat(producers.stream().flatMap(each -> values(each).stream())).containsExactly("a");
    assertThat(first.isLive()).isTrue();
  }

  @Test
  void endsNobodysLifeWhereATopicRefuses() {
    publisher.start();
    refused.add("dead");
    CompletionStage<Done> held =
        publisher.publish(
            first, 1, "note", List.of(new ProducerRecord<>("dead", new byte[1])), false);
    assertThat(publish(second, 1, "a")).succeedsWithin(LIMIT);
    await().atMost(LIMIT).until(() -> waitingFor(first).isPresent());
    assertThat(waitingFor(first))
        .get(InstanceOfAssertFactories.STRING)
        .contains("topic dead", "no right");
    refused.clear();
    assertThat(held).succeedsWithin(LIMIT);
    assertThat(first.isLive()).isTrue();
  }

  @Test
  void commitsWhatWasSentAheadOnlyOnceItIsDurable() {
    publisher.start();
    CompletableFuture<Done> durable = new CompletableFuture<>();
    CompletionStage<Done> published = ahead(first, 10, durable, "a");
    await().atMost(LIMIT).until(() -> producer().sentOffsets());
    assertThat(producer().commitCount()).isZero();
    assertThat(published.toCompletableFuture()).isNotDone();
    durable.complete(Done.done());
    assertThat(published).succeedsWithin(LIMIT);
    assertThat(values(producers.getFirst())).containsExactly("a");
    assertThat(offsets()).containsExactly(new OffsetAndMetadata(10, "note"));
  }

  @Test
  void abortsWhatIsNotDurableInTimeAndPublishesItWhenItIs() {
    publisher.start();
    CompletableFuture<Done> durable = new CompletableFuture<>();
    CompletionStage<Done> late = ahead(first, 10, durable, "a");
    assertThat(publish(second, 1, "b")).succeedsWithin(LIMIT);
    assertThat(publish(second, 2, "c")).succeedsWithin(LIMIT);
    assertThat(values(producers.getFirst())).containsExactly("b", "c");
    assertThat(late.toCompletableFuture()).isNotDone();
    assertThat(publisher.isBusyWith(P0)).isTrue();
    durable.complete(Done.done());
    assertThat(publish(first, 11, "d")).succeedsWithin(LIMIT);
    assertThat(late).isCompleted();
    assertThat(values(producers.getFirst())).containsExactly("b", "c", "a", "d");
    assertThat(producers).hasSize(1);
  }

  @Test
  void publishesOnceWhatBecomesDurableWhileItIsPutOff() {
    publisher.start();
    CompletionStage<Done> late =
        ahead(
            first,
            10,
            new CompletableFuture<>() {
              // From the first look after the abort on, for whoever looks next.
              @Override
              public boolean isDone() {
                boolean was = super.isDone();
                if (producers.getFirst().transactionAborted()) {
                  complete(Done.done());
                }
                return was;
              }
            },
            "a");
    assertThat(late).succeedsWithin(LIMIT);
    assertThat(publish(first, 11, "b")).succeedsWithin(LIMIT);
    assertThat(values(producers.getFirst())).containsExactly("a", "b");
  }

  @Test
  void whatWillNeverBeDurableTakesNobodyWithIt() {
    publisher.start();
    CompletableFuture<Done> never = new CompletableFuture<>();
    CompletionStage<Done> fenced = ahead(first, 10, never, "a");
    CompletionStage<Done> other = publish(second, 1, "b");
    never.completeExceptionally(new PipelineLife.Ended("a later epoch has taken over"));
    assertThat(fenced).failsWithin(LIMIT);
    assertThat(other).succeedsWithin(LIMIT);
    assertThat(values(producers.getFirst())).containsExactly("b");
    assertThat(second.isLive()).isTrue();
  }

  @Test
  void leavesNothingOpenForALifeThatEndsBeforeItsRowIsDurable() {
    publisher.start();
    CompletionStage<Done> ended = ahead(first, 10, new CompletableFuture<>(), "a");
    await().atMost(LIMIT).until(() -> producer().sentOffsets());
    first.end("revoked");
    assertThat(ended).failsWithin(LIMIT);
    assertThat(producer().transactionAborted()).isTrue();
    assertThat(publisher.isBusyWith(P0)).isFalse();
  }

  private CompletionStage<Done> ahead(
      PipelineLife life, long nextOffset, CompletableFuture<Done> durable, String value) {
    return publisher.publishAhead(life, nextOffset, "note", List.of(alert(value)), durable);
  }

  private static Optional<String> waitingFor(PipelineLife life) {
    return life.progress().status().waitingFor();
  }

  /** Refuses what is too large as the real one does: the callback first, then the commit. */
  private final class StrictProducer extends MockProducer<byte[], byte[]> {
    StrictProducer() {
      super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @Override
    public synchronized Future<RecordMetadata> send(
        ProducerRecord<byte[], byte[]> record, Callback callback) {
      if (stuck.contains(record.topic())) {
        return new CompletableFuture<>();
      }
      ApiException refusal = refusalOf(record);
      if (refusal == null) {
        return super.send(record, callback);
      }
      callback.onCompletion(null, refusal);
      commitTransactionException = new KafkaException("in an error state", refusal);
      return CompletableFuture.failedFuture(refusal);
    }

    private ApiException refusalOf(ProducerRecord<byte[], byte[]> record) {
      if (refused.contains(record.topic())) {
        return new TopicAuthorizationException("no right to write");
      }
      return record.value() != null && record.value().length > VALUE_BYTES_MAX
          ? new RecordTooLargeException("too large")
          : null;
    }

    @Override
    public void abortTransaction() {
      commitTransactionException = null;
      super.abortTransaction();
    }
  }

  private Publisher publisher(Duration commitInterval) {
    Timekeeper time = Timekeeper.real(InstantSource.system());
    Publisher fresh =
        new Publisher(
            "publisher",
            () -> {
              MockProducer<byte[], byte[]> producer = new StrictProducer();
              producer.sendOffsetsToTransactionException = brokenOffsets;
              producers.add(producer);
              return producer;
            },
            new TopicWatch(
                _ -> CompletableFuture.completedFuture(Map.copyOf(topics)),
                Set.copyOf(topics.keySet()),
                Publisher.TOPICS_LOOK,
                time,
                () -> {}),
            new PublishConfig(
                1,
                commitInterval,
                Duration.ofMillis(50),
                AHEAD_PATIENCE,
                new BackOff(Duration.ofMillis(1), Duration.ofMillis(10))),
            new CountedMetrics(),
            time);
    fresh.inGroup(GROUP);
    return fresh;
  }

  /** The first producer, ready. */
  private MockProducer<byte[], byte[]> producer() {
    await()
        .atMost(LIMIT)
        .until(() -> !producers.isEmpty() && producers.getFirst().transactionInitialized());
    return producers.getFirst();
  }

  private CompletionStage<Done> publish(PipelineLife life, long nextOffset, String... values) {
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    for (String value : values) {
      records.add(alert(value));
    }
    return publisher.publish(life, nextOffset, "note", records, false);
  }

  private static ProducerRecord<byte[], byte[]> alert(String value) {
    return new ProducerRecord<>("alerts", value.getBytes(UTF_8));
  }

  private List<OffsetAndMetadata> offsets() {
    return producers.getFirst().consumerGroupOffsetsHistory().stream()
        .map(groups -> groups.get(GROUP.groupId()).get(P0))
        .toList();
  }

  private static List<String> values(MockProducer<byte[], byte[]> producer) {
    return producer.history().stream().map(record -> new String(record.value(), UTF_8)).toList();
  }

  private static PipelineLife life(TopicPartition source) {
    return new PipelineLife(source, new PartitionProgress(source, new CountedMetrics(), 0));
  }
}
