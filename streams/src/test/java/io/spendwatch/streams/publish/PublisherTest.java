package io.spendwatch.streams.publish;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.protocol.DeadLetterReason;
import io.spendwatch.protocol.DeadLetters;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.pekko.Done;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class PublisherTest extends PublisherBed {
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
}
