package io.spendwatch.ops.cli;

import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.api.Json;
import io.spendwatch.ops.api.Problem;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.protocol.ForeignText;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The options of commands that ask a node over HTTP, and how they ask. Blocks until the answer is
 * there.
 */
final class AskedNode {
  private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "Of any node (default: from SPENDWATCH_HTTP_HOST and SPENDWATCH_HTTP_PORT,"
              + " http://127.0.0.1:8080).")
  private URI url;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "15s",
      description = "For the node's answer (default ${DEFAULT-VALUE}).")
  private Duration timeout;

  /**
   * What a node has answered.
   *
   * @param status HTTP's
   */
  record Answer(int status, String body) {
    boolean isOk() {
      return status == HttpURLConnection.HTTP_OK;
    }

    boolean isNotFound() {
      return status == HttpURLConnection.HTTP_NOT_FOUND;
    }

    /** What the node says is wrong, for a terminal. */
    String problem() {
      try {
        Problem problem = Json.read(body, Problem.class);
        if (problem.detail() != null) {
          return ForeignText.shown(problem.detail());
        }
      } catch (IllegalArgumentException e) {
        return "HTTP status " + status;
      }
      return "HTTP status " + status;
    }
  }

  /** One segment of a path, or one value of a query. */
  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  Answer get(String path) {
    return ask("GET", path, null, Map.of());
  }

  /**
   * Posts a JSON document.
   *
   * @throws OperatorException if no node answers
   */
  Answer post(String path, String json, Map<String, String> headers) {
    return ask("POST", path, json, headers);
  }

  /**
   * Reads what was answered.
   *
   * @throws OperatorException if it is something else
   */
  <T> T read(Answer answer, Class<T> type) {
    try {
      return Json.read(answer.body(), type);
    } catch (IllegalArgumentException e) {
      throw new OperatorException("what answers at " + node() + " is no Spendwatch node", e);
    }
  }

  private URI node() {
    if (url == null) {
      HttpConfig http = Configuration.readHttp();
      return URI.create("http://" + http.host() + ":" + http.port());
    }
    if (url.getScheme() == null || url.getHost() == null) {
      throw wrongUrl();
    }
    return url;
  }

  private ParameterException wrongUrl() {
    return new ParameterException(
        spec.commandLine(), "--url: " + url + " (expected: http://host:port)");
  }

  /** The JDK's elder client: the younger one sets up TLS and threads of its own for any request. */
  private Answer ask(String method, String path, String json, Map<String, String> headers) {
    URI node = node();
    if (!timeout.isPositive()) {
      throw new ParameterException(
          spec.commandLine(), "--timeout: " + timeout + " (expected: more than nothing)");
    }
    HttpURLConnection connection = open(node, path);
    try {
      connection.setConnectTimeout(timeoutMs());
      connection.setReadTimeout(timeoutMs());
      connection.setInstanceFollowRedirects(false);
      connection.setRequestMethod(method);
      headers.forEach(connection::setRequestProperty);
      if (json != null) {
        connection.setDoOutput(true);
        connection.setRequestProperty("Content-Type", "application/json");
      }
      connection.connect();
    } catch (IOException e) {
      throw new OperatorException("no node answers at " + node + ": nobody listens there", e);
    }
    try {
      if (json != null) {
        try (OutputStream out = connection.getOutputStream()) {
          out.write(json.getBytes(StandardCharsets.UTF_8));
        }
      }
      int status = connection.getResponseCode();
      try (InputStream in =
          status < HttpURLConnection.HTTP_BAD_REQUEST
              ? connection.getInputStream()
              : connection.getErrorStream()) {
        byte[] body = in == null ? new byte[0] : in.readNBytes(ANSWER_BYTES_MAX);
        return new Answer(status, new String(body, StandardCharsets.UTF_8));
      }
    } catch (SocketTimeoutException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "the node at %s is slow: it is there, but has not answered after %d ms (--timeout)",
              node,
              timeout.toMillis()),
          e);
    } catch (IOException e) {
      throw new OperatorException(
          "no node answers at " + node + ": " + (e.getMessage() == null ? e : e.getMessage()), e);
    } finally {
      connection.disconnect();
    }
  }

  private HttpURLConnection open(URI node, String path) {
    try {
      if (node.resolve(path).toURL().openConnection() instanceof HttpURLConnection connection) {
        return connection;
      }
    } catch (IOException e) {
      throw new ParameterException(spec.commandLine(), "--url: " + node + ": " + e.getMessage(), e);
    }
    throw wrongUrl();
  }

  /** At least 1: with 0 it would be waited for without end. */
  private int timeoutMs() {
    return (int) Math.clamp(timeout.toMillis(), 1L, Integer.MAX_VALUE);
  }
}
