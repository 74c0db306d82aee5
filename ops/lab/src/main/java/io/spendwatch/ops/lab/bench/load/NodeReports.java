package io.spendwatch.ops.lab.bench.load;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spendwatch.errors.OperatorException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.LongFunction;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * The complex questions of the published case as reports of a node, over the same times, of data
 * that is at most 5 s old. Thread-safe.
 */
public final class NodeReports implements LongFunction<CompletionStage<?>>, AutoCloseable {
  private static final int DIGITS = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** In the order of {@link HtapQuery}; the default times are those of the case. */
  private static final List<String> REPORTS =
      List.of(
          "hourly-spend?by=merchant&limit=1000&maxAge=5s",
          "top-merchants?by=purchases&limit=50&maxAge=5s",
          "rfm?maxAge=5s",
          "refund-rate?by=merchant&limit=1000&maxAge=5s");

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI reports;
  private final Histogram ageMillis = new ConcurrentHistogram(DIGITS);

  /**
   * @param node {@code http://host:port}
   */
  public NodeReports(URI node) {
    this.reports = node.resolve("/api/v1/analysis/");
  }

  /** Asks the next in turn; fails where it is refused. */
  @Override
  public CompletionStage<?> apply(long place) {
    HttpRequest request =
        HttpRequest.newBuilder(
                reports.resolve(REPORTS.get(Math.toIntExact(place % REPORTS.size()))))
            .timeout(PATIENCE)
            .build();
    return client
        .sendAsync(request, HttpResponse.BodyHandlers.ofString())
        .thenAccept(this::answered);
  }

  private void answered(HttpResponse<String> response) {
    if (response.statusCode() != 200) {
      throw new OperatorException("refused: " + response.body());
    }
    try {
      JsonNode answer = JSON.readTree(response.body());
      ageMillis.recordValue(answer.path("ageMs").asLong());
    } catch (JsonProcessingException e) {
      throw new OperatorException("no report: " + response.body(), e);
    }
  }

  /** How old the answers said that they are. */
  public Histogram ageMillis() {
    return ageMillis.copy();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
