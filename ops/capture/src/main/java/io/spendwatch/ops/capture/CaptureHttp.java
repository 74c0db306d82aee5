package io.spendwatch.ops.capture;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.capture.config.HttpEndpoint;
import io.spendwatch.ops.capture.walk.CaptureStatus;
import io.spendwatch.protocol.ForeignText;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/**
 * Says over HTTP how a capture is doing:
 *
 * <pre>
 *   /metrics         Prometheus' text format
 *   /api/v1/status   the same and more, as JSON
 *   /health/live     200 while the process answers
 *   /health/ready    200 while the log is read, else 503
 * </pre>
 *
 * <p>One request at a time, on a thread of its own. {@link #close} ends it at once.
 */
final class CaptureHttp implements AutoCloseable {
  private static final int WAITING_MAX = 16;

  private final HttpServer server;
  private final ExecutorService executor;

  /** What is answered. */
  private record Answer(int status, String type, String body) {}

  private CaptureHttp(HttpServer server, ExecutorService executor) {
    this.server = server;
    this.executor = executor;
  }

  /**
   * Begins to answer.
   *
   * @param status asked for each request, by the thread of this
   * @throws OperatorException if the port is taken
   */
  static CaptureHttp start(HttpEndpoint endpoint, Supplier<CaptureStatus> status) {
    try {
      var server =
          HttpServer.create(new InetSocketAddress(endpoint.host(), endpoint.port()), WAITING_MAX);
      ExecutorService executor =
          Executors.newSingleThreadExecutor(
              Thread.ofPlatform().name("capture-http").daemon().factory());
      server.setExecutor(executor);
      var http = new CaptureHttp(server, executor);
      server.createContext("/", exchange -> http.answer(exchange, status));
      server.start();
      return http;
    } catch (IOException e) {
      throw new OperatorException(
          "nothing can listen at "
              + endpoint
              + " (SPENDWATCH_CAPTURE_HTTP_PORT): "
              + e.getMessage(),
          e);
    }
  }

  /** Where it listens. */
  int port() {
    return server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange, Supplier<CaptureStatus> status) throws IOException {
    try (exchange) {
      String method = exchange.getRequestMethod();
      Answer answer =
          method.equals("GET") || method.equals("HEAD")
              ? answer(exchange.getRequestURI().getPath(), status)
              : problem(405, "Method Not Allowed");
      byte[] body = answer.body().getBytes(UTF_8);
      var headers = exchange.getResponseHeaders();
      headers.set("Content-Type", answer.type());
      headers.set("Cache-Control", "no-store");
      headers.set("X-Content-Type-Options", "nosniff");
      if (answer.status() == 405) {
        headers.set("Allow", "GET, HEAD");
      }
      if (method.equals("HEAD")) {
        headers.set("Content-Length", Integer.toString(body.length));
        exchange.sendResponseHeaders(answer.status(), -1);
      } else {
        exchange.sendResponseHeaders(answer.status(), body.length);
        exchange.getResponseBody().write(body);
      }
    }
  }

  private static Answer answer(String path, Supplier<CaptureStatus> status) {
    return switch (path) {
      case "/metrics" ->
          new Answer(200, "text/plain; version=0.0.4; charset=utf-8", status.get().metrics());
      case "/api/v1/status" ->
          new Answer(200, "application/json", ForeignText.inJson(Json.write(status.get())));
      case "/health/live" -> new Answer(200, "text/plain; charset=utf-8", "live\n");
      case "/health/ready" -> {
        CaptureStatus now = status.get();
        yield new Answer(
            now.isReady() ? 200 : 503,
            "text/plain; charset=utf-8",
            now.isReady()
                ? "ready\n"
                : ForeignText.shown(
                        now.waitingFor() == null ? "starting" : "waits: " + now.waitingFor())
                    + "\n");
      }
      default -> problem(404, "Not Found");
    };
  }

  private static Answer problem(int status, String title) {
    return new Answer(
        status,
        "application/problem+json",
        Json.write(Map.of("type", "about:blank", "title", title, "status", status)));
  }

  @Override
  public void close() {
    server.stop(0);
    executor.shutdownNow();
  }
}
