package io.spendwatch.ops.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import io.spendwatch.ops.status.NodeStatus.State;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.OpenApiAnswers;
import io.spendwatch.ops.testing.OpenApiDocument;
import io.spendwatch.ops.testing.OpenApiDocument.Operation;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a whole node answers is what {@code openapi.yaml} says, and all of that is answered. */
@ExtendWith(Servers.class)
class ApiContractIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final OpenApiDocument document = OpenApiDocument.load();
  private final OpenApiAnswers answers = new OpenApiAnswers();

  @Test
  void everyOperationIsAnsweredAsItIsDescribed(TestBed bed) throws Exception {
    try (NodeSettings _ = NodeSettings.of(bed);
        HttpClient client = HttpClient.newHttpClient()) {
      Node node = Node.start(Configuration.load(), InstantSource.system());
      try {
        await().atMost(PATIENCE).until(() -> node.status().node().state() == State.READY);
        var unserved = new TreeSet<String>();
        for (Operation operation : document.operations()) {
          if (!isServed(client, node, operation, bed)) {
            unserved.add(operation.method() + " " + operation.path());
          }
        }
        assertThat(unserved).isEmpty();
      } finally {
        node.stop().toCompletableFuture().get(60, TimeUnit.SECONDS);
      }
    }
  }

  /** Asks it with parameters that are well-formed; fails where the answer is not described. */
  private boolean isServed(HttpClient client, Node node, Operation operation, TestBed bed)
      throws Exception {
    Map<String, String> values =
        Map.of(
            "id", "nobody",
            "alertId", "0f2b0a52-3d57-8a0e-8f6c-2f4c7d1c9a10",
            "topic", bed.topics().transactionsDeadLetters(),
            "partition", "0",
            "offset", "0",
            "report", "hourly-spend");
    String path = operation.path();
    for (Map.Entry<String, String> value : values.entrySet()) {
      path = path.replace("{" + value.getKey() + "}", value.getValue());
    }
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + node.httpPort() + path))
            .timeout(PATIENCE)
            .header("Content-Type", "application/json")
            .method(
                operation.method(),
                operation.method().equals("POST")
                    ? HttpRequest.BodyPublishers.ofString("{}")
                    : HttpRequest.BodyPublishers.noBody())
            .build();
    if (operation.node().at("/responses/200/content").has("text/event-stream")) {
      return isStreamed(client, request);
    }
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() == 405 || response.body().contains("nothing at this path")) {
      return false;
    }
    answers.checked(response);
    return true;
  }

  /** It does not end: what comes in it is another test's. */
  private static boolean isStreamed(HttpClient client, HttpRequest request) throws Exception {
    HttpResponse<InputStream> response =
        client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream _ = response.body()) {
      return response.statusCode() == 200
          && response
              .headers()
              .firstValue("content-type")
              .orElse("")
              .startsWith("text/event-stream");
    }
  }
}
