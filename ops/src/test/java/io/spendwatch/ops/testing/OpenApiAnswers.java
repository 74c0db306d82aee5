package io.spendwatch.ops.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spendwatch.ops.testing.OpenApiDocument.Operation;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * Holds a node's answers against its {@code openapi.yaml}: path, method, status, type and body.
 *
 * <pre>
 *   HttpResponse&lt;String&gt; response = ANSWERS.checked(client.send(request, ofString()));
 * </pre>
 *
 * So each answer that a test gets is one that the document describes, and nothing is answered that
 * it does not. Thread-safe.
 */
public final class OpenApiAnswers {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROBLEM = "application/problem+json";

  private final OpenApiDocument document = OpenApiDocument.load();

  /** Reads the document. */
  public OpenApiAnswers() {}

  /** The same response, for which the document has been asked. */
  public HttpResponse<String> checked(HttpResponse<String> response) {
    String method = response.request().method();
    String path = response.request().uri().getRawPath();
    String what = method + " " + path + " " + response.statusCode() + ": " + response.body();
    Optional<Operation> operation = document.operation(method, path);
    if (operation.isEmpty()) {
      int expected = document.hasPath(path) ? 405 : 404;
      assertThat(response.statusCode()).as("not in openapi.yaml: " + what).isEqualTo(expected);
      checkBody(document.json().at("/components/responses/Problem"), response, what);
    } else {
      checkBody(described(operation.get(), response.statusCode(), what), response, what);
    }
    return response;
  }

  /** Holds an event of the stream against the schema of its kind. */
  public void checkEvent(String type, String data) {
    JsonNode schema =
        StreamSupport.stream(document.schema("ServerSentEvent").get("oneOf").spliterator(), false)
            .map(document::resolved)
            .filter(event -> event.at("/properties/event/const").asText().equals(type))
            .findFirst()
            .orElseThrow(() -> new AssertionError("not in openapi.yaml: event " + type))
            .at("/properties/data/contentSchema");
    assertThat(document.faults(schema, parse(data))).as(type + " " + data).isEmpty();
  }

  private JsonNode described(Operation operation, int status, String what) {
    JsonNode responses = operation.node().get("responses");
    JsonNode response = responses.get(Integer.toString(status));
    if (response == null) {
      assertThat(status).as("not in openapi.yaml: " + what).isGreaterThanOrEqualTo(400);
      response = responses.get("default");
    }
    return document.resolved(response);
  }

  private void checkBody(JsonNode described, HttpResponse<String> response, String what) {
    if (!described.has("content")) {
      assertThat(response.body()).as(what).isEmpty();
      return;
    }
    String type =
        response.headers().firstValue("content-type").orElse("").replaceFirst(";.*", "").strip();
    JsonNode content = described.get("content").get(type);
    assertThat(content).as(what + ", as " + type).isNotNull();
    if (type.endsWith("json") && !response.request().method().equals("HEAD")) {
      JsonNode body = parse(response.body());
      assertThat(document.faults(content.get("schema"), body)).as(what).isEmpty();
      if (type.equals(PROBLEM)) {
        assertThat(body.get("status").asInt()).as(what).isEqualTo(response.statusCode());
      }
    }
  }

  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new AssertionError("not JSON: " + json, e);
    }
  }
}
