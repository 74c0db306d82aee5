package io.spendwatch.ops.capture;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.spendwatch.ops.capture.config.CaptureConfig;
import io.spendwatch.ops.capture.config.HttpEndpoint;
import io.spendwatch.ops.capture.walk.CaptureProgress;
import io.spendwatch.ops.capture.walk.CaptureProgress.State;
import io.spendwatch.ops.capture.walk.CaptureStatus;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CaptureHttpTest {
  private static final CaptureConfig CONFIG =
      CaptureConfig.from(
          ConfigFactory.parseString(
                  """
                  capture {
                    name = shop
                    source { uri = "postgresql://localhost/shop", user = capture }
                    balances = [
                      { table = public.users, user-id = "{id}", balance = balance, currency = USD }
                    ]
                  }
                  """)
              .withFallback(ConfigFactory.parseResources("capture-reference.conf"))
              .withFallback(ConfigFactory.defaultReferenceUnresolved())
              .resolve());

  private final AtomicLong nowMs = new AtomicLong(1_720_799_853_120L);
  private final CaptureProgress progress = new CaptureProgress();
  private final CaptureHttp http =
      CaptureHttp.start(
          new HttpEndpoint("127.0.0.1", 0), () -> CaptureStatus.of(CONFIG, progress, nowMs.get()));
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void stop() {
    client.close();
    http.close();
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void tellsOfLagInRecordsAndSeconds() throws Exception {
    progress.begun();
    progress.read(nowMs.get() - 1500);
    progress.read(nowMs.get() - 1250);
    progress.sent();
    progress.sent();
    progress.sent();
    progress.acknowledgedTransaction();
    progress.positionKept(nowMs.get());
    HttpResponse<String> metrics = ask("GET", "/metrics");
    assertThat(metrics.statusCode()).isEqualTo(200);
    assertThat(metrics.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(metrics.body().lines())
        .contains(
            "spendwatch_capture_ready 1",
            "spendwatch_capture_rows_total 2",
            "spendwatch_capture_records_total{kind=\"transaction\"} 1",
            "spendwatch_capture_records_total{kind=\"balance\"} 0",
            "spendwatch_capture_records_total{kind=\"dead_letter\"} 0",
            "spendwatch_capture_applied_rows_total 0",
            "spendwatch_capture_lag_records 2",
            "spendwatch_capture_lag_seconds 1.250",
            "spendwatch_capture_position_timestamp_seconds 1720799853.120")
        .allMatch(
            line ->
                line.matches("# (HELP|TYPE) spendwatch_capture_[a-z_]+ .+")
                    || line.matches("spendwatch_capture_[a-z_]+(\\{[a-z]+=\"[a-z_]+\"})? [0-9.]+"));
    assertThat(ask("GET", "/api/v1/status").body())
        .contains(
            "\"name\":\"shop\"",
            "\"to\":\"kafka\"",
            "\"state\":\"CAPTURING\"",
            "\"lagRecords\":2",
            "\"lagMs\":1250",
            "\"positionKeptAt\":\"2024-07-12T15:57:33.120Z\"");

    progress.acknowledgedTransaction();
    progress.acknowledgedBalance();
    assertThat(ask("GET", "/metrics").body().lines())
        .contains("spendwatch_capture_lag_records 0", "spendwatch_capture_lag_seconds 0.000");
  }

  @Test
  void isNotReadyWhileItWaitsAndSaysForWhat() throws Exception {
    assertThat(ask("GET", "/health/ready").statusCode()).isEqualTo(503);
    assertThat(ask("GET", "/health/ready").body()).isEqualTo("starting\n");
    progress.begun();
    assertThat(ask("GET", "/health/ready").statusCode()).isEqualTo(200);
    progress.waits("connection refused", nowMs.get());
    nowMs.addAndGet(4_000);
    progress.waits("connection refused again", nowMs.get());
    HttpResponse<String> ready = ask("GET", "/health/ready");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(ready.body()).isEqualTo("waits: connection refused again\n");
    assertThat(ask("GET", "/metrics").body().lines())
        .as("it has read nothing since")
        .contains("spendwatch_capture_ready 0", "spendwatch_capture_lag_seconds 4.000");
    assertThat(progress.now(nowMs.get()).state()).isEqualTo(State.WAITING);
    assertThat(ask("GET", "/health/live").statusCode()).isEqualTo(200);
  }

  @Test
  void answersNothingElse() throws Exception {
    assertThat(ask("GET", "/metrics/x").statusCode()).isEqualTo(404);
    assertThat(ask("GET", "/").headers().firstValue("Content-Type"))
        .contains("application/problem+json");
    HttpResponse<String> post = ask("POST", "/metrics");
    assertThat(post.statusCode()).isEqualTo(405);
    assertThat(post.headers().firstValue("Allow")).contains("GET, HEAD");
    HttpResponse<String> head = ask("HEAD", "/metrics");
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
  }
}
