package io.spendwatch.ops.cli;

import io.spendwatch.ops.api.HttpConfig;
import io.spendwatch.ops.api.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.StatusText;
import io.spendwatch.protocol.ForeignText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Asks a node how the cluster is. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = {
      "Asks a node, and it all others: shows nodes, partitions with their owners, lag in records and"
          + " time, users awake, and what is waited for.",
      "Exit status: 0 when every node is ready and every partition has an owner, 1 when the node does"
          + " not answer, 3 otherwise."
    })
public final class StatusCommand implements Callable<Integer> {
  private static final int NOT_READY = 3;
  private static final int PART_BYTES = 8192;

  @Spec private CommandSpec spec;

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

  @Option(names = "--json", description = "Print the document that the node answers with.")
  private boolean json;

  @Override
  public Integer call() {
    URI node = url == null ? configured() : url;
    if (node.getScheme() == null || node.getHost() == null) {
      throw new ParameterException(
          spec.commandLine(), "--url: " + node + " (expected: http://host:port)");
    }
    if (!timeout.isPositive()) {
      throw new ParameterException(
          spec.commandLine(), "--timeout: " + timeout + " (expected: more than nothing)");
    }
    String document = ask(node);
    ClusterStatus status;
    try {
      status = Json.read(document, ClusterStatus.class);
    } catch (IllegalArgumentException e) {
      throw new OperatorException("what answers at " + node + " is no Spendwatch node", e);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? ForeignText.inJson(document) : StatusText.of(status));
    return status.isReady() ? 0 : NOT_READY;
  }

  private static URI configured() {
    HttpConfig http = Configuration.readHttp();
    return URI.create("http://" + http.host() + ":" + http.port());
  }

  /** The JDK's elder client: the younger one sets up TLS and threads of its own for any request. */
  private String ask(URI node) {
    long endNanos = System.nanoTime() + timeout.toNanos();
    HttpURLConnection connection = open(node);
    try {
      connection.setConnectTimeout(timeoutMs());
      // For each part of the answer; once connected it would be too late to say so.
      connection.setReadTimeout(timeoutMs());
      connection.setInstanceFollowRedirects(false);
      connection.connect();
    } catch (IOException e) {
      throw new OperatorException("no node answers at " + node + ": nobody listens there", e);
    }
    try {
      int status = connection.getResponseCode();
      if (status != HttpURLConnection.HTTP_OK) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "what answers at %s is no Spendwatch node (HTTP status %d)",
                node,
                status));
      }
      return read(connection, endNanos);
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

  private HttpURLConnection open(URI node) {
    try {
      if (node.resolve("/api/v1/status").toURL().openConnection()
          instanceof HttpURLConnection connection) {
        return connection;
      }
    } catch (IOException e) {
      throw new ParameterException(spec.commandLine(), "--url: " + node + ": " + e.getMessage(), e);
    }
    throw new ParameterException(
        spec.commandLine(), "--url: " + node + " (expected: http://host:port)");
  }

  /** The whole answer, unless it goes on to come after the end. */
  private static String read(HttpURLConnection connection, long endNanos) throws IOException {
    var document = new ByteArrayOutputStream();
    byte[] part = new byte[PART_BYTES];
    try (InputStream in = connection.getInputStream()) {
      for (int bytes = in.read(part); bytes >= 0; bytes = in.read(part)) {
        document.write(part, 0, bytes);
        if (System.nanoTime() > endNanos) {
          throw new SocketTimeoutException();
        }
      }
    }
    return document.toString(StandardCharsets.UTF_8);
  }

  /** At least 1: with 0 it would be waited for without end. */
  private int timeoutMs() {
    return (int) Math.clamp(timeout.toMillis(), 1L, Integer.MAX_VALUE);
  }
}
