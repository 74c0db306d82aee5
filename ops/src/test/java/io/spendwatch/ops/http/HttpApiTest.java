package io.spendwatch.ops.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.NodeStatus.NodeInfo;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.NodeStatus.Totals;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.http.javadsl.Http;
import org.apache.pekko.http.javadsl.ServerBinding;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpApiTest {
  private static final NodeStatus READY = status(State.READY, List.of());
  private static final NodeStatus WAITING = status(State.WAITING, List.of("Kafka", "PostgreSQL"));

  private final HttpClient client = HttpClient.newHttpClient();
  private volatile NodeStatus status = READY;
  private ActorTestKit kit;
  private URI server;

  @BeforeAll
  void listen() throws Exception {
    kit = ActorTestKit.create(ConfigFactory.load());
    ServerBinding binding =
        Http.get(kit.system())
            .newServerAt("127.0.0.1", 0)
            .bind(new HttpApi(this::answer).routes())
            .toCompletableFuture()
            .get(10, TimeUnit.SECONDS);
    server = URI.create("http://127.0.0.1:" + binding.localAddress().getPort());
  }

  @AfterAll
  void close() {
    client.close();
    kit.shutdownTestKit();
  }

  private NodeStatus answer() {
    if (status == null) {
      throw new IllegalStateException("a fault of ours");
    }
    return status;
  }

  @Test
  void isReadyOnlyWhenNothingIsWaitedFor() throws Exception {
    status = READY;
    assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    status = WAITING;
    HttpResponse<String> waiting = get("/health/ready");
    assertThat(waiting.statusCode()).isEqualTo(503);
    assertThat(waiting.body())
        .isEqualTo("{\"status\":\"waiting\",\"waitingFor\":[\"Kafka\",\"PostgreSQL\"]}");
    status = status(State.DRAINING, List.of());
    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
  }

  @Test
  void livesWhateverItWaitsFor() throws Exception {
    status = WAITING;
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void tellsItsStatus() throws Exception {
    status = WAITING;
    HttpResponse<String> response = get("/api/v1/status");
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(Json.read(response.body(), NodeStatus.class)).isEqualTo(WAITING);
  }

  @Test
  void saysInProblemJsonWhatIsWrongWithARequest() throws Exception {
    status = READY;
    HttpResponse<String> missing = get("/api/v1/no-such-thing");
    assertThat(missing.statusCode()).isEqualTo(404);
    assertThat(missing.headers().firstValue("content-type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
    assertThat(Json.read(missing.body(), Problem.class).title()).isEqualTo("Not Found");

    HttpResponse<String> posted =
        client.send(
            HttpRequest.newBuilder(server.resolve("/health/live"))
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(posted.statusCode()).isEqualTo(405);
    assertThat(Json.read(posted.body(), Problem.class).detail()).contains("GET");
  }

  @Test
  void tellsNobodyOutsideWhatFailedInside() throws Exception {
    status = null;
    HttpResponse<String> failed = get("/api/v1/status");
    assertThat(failed.statusCode()).isEqualTo(500);
    assertThat(failed.body()).doesNotContain("fault of ours");
    assertThat(Json.read(failed.body(), Problem.class).status()).isEqualTo(500);
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(server.resolve(path)).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static NodeStatus status(State state, List<String> waitingFor) {
    return new NodeStatus(
        new NodeInfo(
            "n", "pekko://x", state, waitingFor, Instant.parse("2030-01-01T00:00:00Z"), true),
        List.of(new NodeStatus.Member("pekko://x", "Up")),
        List.of(
            new NodeStatus.Partition(
                "transactions", 3, "RUNNING", 2, 10, 5L, null, null, 1, 2, 3, 0, 4, 0, null)),
        new Totals(5L, null, 1, 2, 3, 0, 4));
  }
}
