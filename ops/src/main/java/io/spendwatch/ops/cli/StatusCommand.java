package io.spendwatch.ops.cli;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.http.HttpConfig;
import io.spendwatch.ops.http.Json;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.StatusText;
import io.spendwatch.protocol.ForeignText;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
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
    HttpConfig http = Configuration.load().http();
    return URI.create("http://" + http.host() + ":" + http.port());
  }

  private String ask(URI node) {
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(timeout).build()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(node.resolve("/api/v1/status")).timeout(timeout).build(),
              HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new OperatorException(
            String.format(
                Locale.ROOT,
                "what answers at %s is no Spendwatch node (HTTP status %d)",
                node,
                response.statusCode()));
      }
      return response.body();
    } catch (ConnectException | HttpConnectTimeoutException | UnresolvedAddressException e) {
      throw new OperatorException("no node answers at " + node + ": nobody listens there", e);
    } catch (HttpTimeoutException e) {
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
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
