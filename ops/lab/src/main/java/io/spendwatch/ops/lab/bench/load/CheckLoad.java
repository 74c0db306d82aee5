package io.spendwatch.ops.lab.bench.load;

import io.spendwatch.protocol.EventTime;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Asks a node at a steady rate what transactions would do, over HTTP, until it is stopped. */
public final class CheckLoad implements AutoCloseable {
  private static final int DIGITS = 3;

  /** A prime: whatever the number of users, but its multiples, all of them are asked about. */
  private static final long STRIDE = 7919;

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI address;
  private final String users;
  private final int usersCount;
  private final OpenLoop loop;
  private final Histogram tookMicros = new ConcurrentHistogram(DIGITS);
  private final AtomicLong asked = new AtomicLong();
  private final AtomicLong degraded = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  /**
   * Begins.
   *
   * @param node {@code http://host:port}
   * @param users of whom it asks: how their ids begin, a number from 0 follows
   */
  public CheckLoad(URI node, double perSecond, String users, int usersCount) {
    this.address = node.resolve("/api/v1/check");
    this.users = users;
    this.usersCount = usersCount;
    this.loop = OpenLoop.start("checks", perSecond, Long.MAX_VALUE, this::ask);
  }

  /**
   * What came of it.
   *
   * @param degraded answers that are the fallback, as it could not be decided in time
   * @param refused questions without an answer, or for which there was no room
   * @param tookMicros from when a question was due to its answer, fallbacks included
   */
  public record Outcome(long degraded, long refused, Histogram tookMicros) {}

  /** Ends it; what is still unanswered does not count. */
  public Outcome stop() {
    loop.stop();
    return new Outcome(degraded.get(), refused.get(), tookMicros.copy());
  }

  private void ask(long dueNanos) {
    long place = asked.getAndIncrement();
    String question =
        String.format(
            Locale.ROOT,
            "{\"transactionId\":\"check-%d\",\"userId\":\"%s%d\",\"amount\":\"1.00\",\"currency\":\"USD\",\"eventTime\":\"%s\"}",
            place,
            users,
            place * STRIDE % usersCount,
            EventTime.format(System.currentTimeMillis()));
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .timeout(Duration.ofSeconds(10))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(question))
            .build();
    var _ =
        client
            .sendAsync(request, HttpResponse.BodyHandlers.ofString())
            .whenComplete((response, failure) -> answered(dueNanos, response, failure));
  }

  private void answered(long dueNanos, HttpResponse<String> response, Throwable failure) {
    if (failure != null || response.statusCode() != 200) {
      refused.incrementAndGet();
      return;
    }
    tookMicros.recordValue((System.nanoTime() - dueNanos) / 1_000);
    if (response.body().contains("\"degraded\":true")) {
      degraded.incrementAndGet();
    }
  }

  @Override
  public void close() {
    var _ = loop.stop();
    client.shutdownNow();
  }
}
