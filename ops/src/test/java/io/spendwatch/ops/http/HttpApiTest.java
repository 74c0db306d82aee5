package io.spendwatch.ops.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.status.StatusSamples;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
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
  private static final NodeStatus READY = StatusSamples.node(State.READY, List.of());
  private static final NodeStatus WAITING =
      StatusSamples.node(State.WAITING, List.of("Kafka", "PostgreSQL"));

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
            .bind(new HttpApi(this::answer, this::answerForAll, () -> "a_metric 1.0\n").routes())
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

  private CompletionStage<ClusterStatus> answerForAll() {
    return CompletableFuture.completedFuture(ClusterStatus.of(answer(), List.of(), List.of()));
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
    status = StatusSamples.node(State.DRAINING, List.of());
    assertThat(get("/health/ready").statusCode()).isEqualTo(503);
  }

  @Test
  void livesWhateverItWaitsFor() throws Exception {
    status = WAITING;
    assertThat(get("/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void tellsTheStatusOfTheClusterOrItsOwn() throws Exception {
    status = WAITING;
    HttpResponse<String> response = get("/api/v1/status");
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(Json.read(response.body(), ClusterStatus.class))
        .isEqualTo(ClusterStatus.of(WAITING, List.of(), List.of()));
    assertThat(Json.read(get("/api/v1/status?scope=node").body(), NodeStatus.class))
        .isEqualTo(WAITING);
    assertThat(get("/api/v1/status?scope=galaxy").statusCode()).isEqualTo(400);
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

  @Test
  void metricsAreInTheTextFormatOfPrometheus() throws Exception {
    HttpResponse<String> response = get("/metrics");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("text/plain; version=0.0.4");
    assertThat(response.body()).isEqualTo("a_metric 1.0\n");
  }
}
