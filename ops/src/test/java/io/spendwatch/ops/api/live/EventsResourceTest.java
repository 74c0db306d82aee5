package io.spendwatch.ops.api.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.spendwatch.ops.api.ServedApi;
import io.spendwatch.ops.events.TestHub;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EventsResourceTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final TestHub hub = new TestHub();
  private ServedApi api;
  private URI server;

  @BeforeAll
  void listen() throws Exception {
    api = ServedApi.of(List.of(new EventsResource(hub.hub())));
    server = api.server();
  }

  @AfterAll
  void close() {
    client.close();
    api.close();
  }

  @Test
  void isAStreamThatNobodyOnTheWayKeepsOrPacks() throws Exception {
    HttpResponse<InputStream> response = events("?types=alert,audit&userId=u");
    try (var lines = lines(response)) {
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
      assertThat(response.headers().firstValue("cache-control")).contains("no-store");
      assertThat(response.headers().firstValue("x-accel-buffering")).contains("no");
      assertThat(response.headers().firstValue("content-encoding")).isEmpty();
      assertThat(lines.readLine()).isEqualTo("retry: 2000");
    }
    awaitNobody();
  }

  @Test
  void theHeaderHoldsBeforeTheQueryWhichAPageRepeats() throws Exception {
    for (String query : List.of("", "&lastEventId=", "&lastEventId=topic-id.9.9")) {
      HttpResponse<InputStream> response =
          events("?types=alert" + query, "Last-Event-ID", "topic-id.1.2");
      awaitLine(response, "id: topic-id.1.2");
    }
    awaitLine(events("?types=alert&lastEventId=topic-id.3.4"), "id: topic-id.3.4");
    awaitNobody();
  }

  @Test
  void thereIsNoRoomForMoreThanItsMost() throws Exception {
    try (var _ = lines(events(""));
        var _ = lines(events(""))) {
      await().until(() -> hub.clients() == 2);
      HttpResponse<InputStream> third = events("");
      assertThat(third.statusCode()).isEqualTo(503);
      assertThat(third.headers().firstValue("retry-after")).contains("5");
      assertThat(text(third)).contains("clients-max");
    }
    awaitNobody();
  }

  @Test
  void headLeavesNoClient() throws Exception {
    HttpResponse<Void> head =
        client.send(
            HttpRequest.newBuilder(server.resolve("/api/v1/events")).HEAD().build(),
            HttpResponse.BodyHandlers.discarding());
    assertThat(head.statusCode()).isEqualTo(200);
    awaitNobody();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "?types=alert,nonsense",
        "?types=gap",
        "?types=",
        "?types=alert,",
        "?userId=",
        "?userId=12345678901234567890123456789012345678901234567890123456789012345",
        "?lastEventId=7",
        "?lastEventId=topic-id.1.x"
      })
  void whatIsNotUnderstoodIsABadRequest(String query) throws Exception {
    HttpResponse<InputStream> response = events(query);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(response.headers().firstValue("content-type"))
        .hasValueSatisfying(type -> assertThat(type).startsWith("application/problem+json"));
    assertThat(text(response)).containsAnyOf("expected: ", "Last-Event-ID: not the id");
  }

  private void awaitLine(HttpResponse<InputStream> response, String wanted) throws Exception {
    try (var lines = lines(response)) {
      String line = lines.readLine();
      while (!wanted.equals(line)) {
        assertThat(line).as("the stream has ended").isNotNull();
        line = lines.readLine();
      }
    }
    awaitNobody();
  }

  /** Who has closed the connection is missed with the next thing that is sent. */
  private void awaitNobody() {
    await().atMost(Duration.ofSeconds(30)).until(() -> hub.clients() == 0);
  }

  private HttpResponse<InputStream> events(String query, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(server.resolve("/api/v1/events" + query))
            .header("Accept-Encoding", "gzip");
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
  }

  private static BufferedReader lines(HttpResponse<InputStream> response) {
    return new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
  }

  private static String text(HttpResponse<InputStream> response) throws Exception {
    try (InputStream body = response.body()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
