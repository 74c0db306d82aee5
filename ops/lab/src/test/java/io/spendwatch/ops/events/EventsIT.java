package io.spendwatch.ops.events;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.protocol.Alert;
import io.spendwatch.protocol.AlertCodec;
import io.spendwatch.protocol.AlertType;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** Events as clients of two nodes get them. The test itself writes the alert topic. */
@ExtendWith(Servers.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventsIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Pattern ALERT_ID = Pattern.compile("\"alertId\":\"([^\"]+)\"");

  /** Events that a node has in memory: few, so that clients fall behind. */
  private static final int KEPT = 256;

  private TestBed bed;
  private Node ending;
  private Node staying;
  private KafkaProducer<byte[], byte[]> producer;

  @BeforeAll
  void start(TestBed servers) {
    bed = servers;
    staying = node("staying");
    awaitMembers(1);
    ending = node("ending");
    awaitMembers(2);
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bed.bootstrapServers(), "transactional.id", "events-it"),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    producer.initTransactions();
  }

  @AfterAll
  void stop() throws Exception {
    producer.close();
    staying.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
    ending.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private Node node(String id) {
    try (NodeSettings settings = NodeSettings.of(bed)) {
      settings
          .set("spendwatch.node-id", id)
          .set("spendwatch.events.kept", Integer.toString(KEPT))
          // Else megabytes would be on their way to who does not read.
          .set("pekko.http.server.socket-options.so-send-buffer-size", "64k")
          // Who reads nothing for so long is cut off: not what is tested here, on a busy machine.
          .set("pekko.http.server.idle-timeout", "10 m")
          // This is not about who is slow to join, or to answer: both share one busy process.
          .set("spendwatch.cluster.join-timeout", "2 m")
          .set("pekko.cluster.failure-detector.acceptable-heartbeat-pause", "60 s");
      return Node.start(Configuration.load(), InstantSource.system());
    }
  }

  private void awaitMembers(int count) {
    await("members that are Up")
        .atMost(PATIENCE.multipliedBy(2))
        .until(
            () ->
                staying.status().members().stream()
                        .filter(member -> member.status().equals("Up"))
                        .count()
                    == count);
  }

  @Test
  void whoseNodeEndsGoesOnAtAnotherOneMissesNothingAndGetsNothingTwice() throws Exception {
    EventClient first = EventClient.connect(ending.httpPort(), "?types=alert", null).read();
    await().atMost(PATIENCE).until(() -> first.lastId() != null);
    String oldest = first.lastId();
    List<String> written = new ArrayList<>(write("before", 60));
    await().atMost(PATIENCE).until(() -> first.data("alert").size() == 60);

    var ended = ending.stop();
    written.addAll(write("meanwhile", 60));
    await().atMost(PATIENCE).until(first::ended);
    ended.toCompletableFuture().get(60, TimeUnit.SECONDS);
    // More than a node has in memory: what is before has to come from the topic.
    written.addAll(write("away", 2 * KEPT));

    try (EventClient again =
            EventClient.connect(staying.httpPort(), "?types=alert", first.lastId()).read();
        EventClient old =
            EventClient.connect(staying.httpPort(), "?types=alert&lastEventId=" + oldest, null)
                .read()) {
      written.addAll(write("after", 60));
      await("all, in two lives")
          .atMost(PATIENCE)
          .until(() -> ids(first, again).size() >= written.size());
      assertThat(ids(first, again)).containsExactlyInAnyOrderElementsOf(written);
      assertThat(again.data("gap")).isEmpty();
      await("all, in one").atMost(PATIENCE).until(() -> ids(old).size() >= written.size());
      assertThat(ids(old)).containsExactlyInAnyOrderElementsOf(written);
      assertThat(old.data("gap")).isEmpty();
    }
  }

  @Test
  void whoDoesNotReadHasAGapAndDelaysNobody() throws Exception {
    try (EventClient slow = EventClient.connect(staying.httpPort(), "?types=alert", null);
        EventClient quick = EventClient.connect(staying.httpPort(), "", null).read()) {
      await().atMost(PATIENCE).until(() -> quick.lastId() != null);
      int written = 0;
      // Until what the system keeps for the slow one is full, and then the node's memory is over.
      for (int i = 0; i < 16; i++) {
        producer.beginTransaction();
        for (int j = 0; j < KEPT / 4; j++) {
          send("slow-" + i + "-" + j, ",\"padding\":\"" + "x".repeat(4096) + "\"}");
        }
        producer.commitTransaction();
        written += KEPT / 4;
        int all = written;
        await().atMost(PATIENCE).until(() -> quick.data("alert").size() == all);
      }
      assertThat(quick.data("gap")).isEmpty();
      slow.read();
      await().atMost(PATIENCE).until(() -> !slow.data("gap").isEmpty());
      assertThat(slow.data("gap").getFirst())
          .contains("\"reason\":\"SLOW\"", "\"lost\":", "\"after\":\"");
      await("figures of the cluster").atMost(PATIENCE).until(() -> quick.data("stats").size() > 2);
      assertThat(quick.data("stats").getLast())
          .contains("\"transactionsPerSecond\":0.0", "\"alertTime\":{\"p50Ms\":");
    }
  }

  /** In transactions of a few, every other one of which is aborted: nobody is to see it. */
  private List<String> write(String name, int count) {
    int perTransaction = Math.max(10, count / 4);
    List<String> all = IntStream.range(0, count).mapToObj(i -> name + "-" + i).toList();
    for (int begin = 0; begin < count; begin += perTransaction) {
      List<String> some = all.subList(begin, Math.min(count, begin + perTransaction));
      producer.beginTransaction();
      some.forEach(id -> send(id + "-aborted", "}"));
      producer.abortTransaction();
      producer.beginTransaction();
      some.forEach(id -> send(id, "}"));
      producer.commitTransaction();
    }
    return all;
  }

  /**
   * Within the transaction.
   *
   * @param end of the record's value
   */
  private void send(String alertId, String end) {
    String json = new String(AlertCodec.encode(alert(alertId)), UTF_8);
    byte[] value = (json.substring(0, json.length() - 1) + end).getBytes(UTF_8);
    var _ =
        producer.send(new ProducerRecord<>(bed.topics().alerts(), alertId.getBytes(UTF_8), value));
  }

  private static List<String> ids(EventClient... clients) {
    return Stream.of(clients)
        .flatMap(client -> client.data("alert").stream())
        .map(
            json ->
                ALERT_ID
                    .matcher(json)
                    .results()
                    .map(result -> result.group(1))
                    .findFirst()
                    .orElseThrow())
        .toList();
  }

  private static Alert alert(String id) {
    long nowMs = System.currentTimeMillis();
    return new Alert(
        id,
        AlertType.RAISED,
        "e",
        "u",
        "t",
        2,
        1,
        "USD",
        1,
        nowMs,
        nowMs,
        false,
        null,
        null,
        Rule.EXPOSURE_24H.applied(),
        new Alert.Source("transactions", 0, 7));
  }
}
