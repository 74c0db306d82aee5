package io.spendwatch.ops.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.events.log.EventType;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.SinkQueueWithCancel;
import org.apache.pekko.util.ByteString;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventHubTest {
  private ActorTestKit kit;

  @BeforeAll
  void start() {
    kit = ActorTestKit.create();
  }

  @AfterAll
  void shutDown() {
    kit.shutdownTestKit();
  }

  @Test
  void whoReadsIsNotDelayedByWhoDoesNotWhoHasAGap() throws Exception {
    var test = new TestHub();
    SinkQueueWithCancel<ByteString> slow = listen(test, EventType.ALERT);
    SinkQueueWithCancel<ByteString> quick = listen(test, EventType.ALERT);
    test.awaitFollowed();
    awaitText(quick, "id: topic-id.0.0\n");
    awaitText(slow, "id: topic-id.0.0\n");
    for (int i = 0; i < 100; i++) {
      test.alert(0, i);
      awaitText(quick, "data: 0/" + i + "\n");
    }
    assertThat(awaitText(slow, "data: 0/99\n")).contains("event: gap\n", "\"reason\":\"SLOW\"");
    assertThat(test.lost()).isBetween(1L, 100L);
    quick.cancel();
    slow.cancel();
    await().until(() -> test.clients() == 0);
  }

  @Test
  void whoIsSentNothingIsSentAComment() throws Exception {
    var test = new TestHub();
    SinkQueueWithCancel<ByteString> client = listen(test, EventType.AUDIT);
    assertThat(awaitText(client, ": \n\n")).startsWith("retry: 2000\n\n");
    awaitText(client, ": \n\n");
    client.cancel();
    await().until(() -> test.clients() == 0);
  }

  @Test
  void theClusterIsLookedAtWhileSomebodyWantsToKnow() throws Exception {
    var test = new TestHub();
    SinkQueueWithCancel<ByteString> alerts = listen(test, EventType.ALERT);
    await().until(() -> test.clients() == 1);
    assertThat(test.watching()).isZero();
    SinkQueueWithCancel<ByteString> stats = listen(test, EventType.STATS);
    await().until(() -> test.watching() == 1);
    test.event(EventType.STATS, "{}");
    awaitText(stats, "event: stats\n");
    stats.cancel();
    await().until(() -> test.watching() == 0);
    alerts.cancel();
  }

  @Test
  void noMoreThanItsMostAreTaken() throws Exception {
    var test = new TestHub();
    listen(test, EventType.AUDIT);
    SinkQueueWithCancel<ByteString> second = listen(test, EventType.AUDIT);
    await().until(() -> test.clients() == 2);
    assertThat(test.hub().refusal())
        .hasValueSatisfying(why -> assertThat(why).contains("2 clients"));
    assertThat(listen(test, EventType.AUDIT).pull().toCompletableFuture().get(10, TimeUnit.SECONDS))
        .isEmpty();
    second.cancel();
    await().until(() -> test.clients() == 1);
    assertThat(test.hub().refusal()).isEmpty();
  }

  @Test
  void allStreamsEndInOrderWhenTheNodeDoes() throws Exception {
    var test = new TestHub();
    SinkQueueWithCancel<ByteString> client = listen(test, EventType.ALERT);
    test.awaitFollowed();
    awaitText(client, "id: topic-id.0.0\n");
    test.hub().drain();
    awaitText(client, ": this node ends");
    assertThat(client.pull().toCompletableFuture().get(10, TimeUnit.SECONDS)).isEmpty();
    assertThat(test.clients()).isZero();
    assertThat(test.hub().refusal()).isPresent();
  }

  private SinkQueueWithCancel<ByteString> listen(TestHub test, EventType type) {
    return test.hub().stream(new Subscription(Set.of(type), Optional.empty(), Optional.empty()))
        .runWith(Sink.queue(), kit.system());
  }

  private static String awaitText(SinkQueueWithCancel<ByteString> client, String wanted)
      throws Exception {
    StringBuilder all = new StringBuilder();
    while (all.indexOf(wanted) < 0) {
      all.append(
          client.pull().toCompletableFuture().get(10, TimeUnit.SECONDS).orElseThrow().utf8String());
    }
    return all.toString();
  }
}
