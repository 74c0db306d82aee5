package io.spendwatch.streams.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.streams.life.PipelineLife;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.pekko.Done;
import org.junit.jupiter.api.Test;

/** What is sent before its rows are durable. */
class PublishedAheadTest extends PublisherBed {
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
}
