package io.spendwatch.ops.cli;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.http.HttpConfig;
import io.spendwatch.ops.http.Json;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.StatusText;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
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
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int NOT_READY = 3;

  @Spec private CommandSpec spec;

  @Option(
      names = "--url",
      paramLabel = "URL",
      description =
          "Of any node (default: from SPENDWATCH_HTTP_HOST and SPENDWATCH_HTTP_PORT,"
              + " http://127.0.0.1:8080).")
  private URI url;

  @Option(names = "--json", description = "Print the document that the node answers with.")
  private boolean json;

  @Override
  public Integer call() {
    URI node = url == null ? configured() : url;
    if (node.getScheme() == null || node.getHost() == null) {
      throw new ParameterException(
          spec.commandLine(), "--url: " + node + " (expected: http://host:port)");
    }
    String document = ask(node);
    ClusterStatus status;
    try {
      status = Json.read(document, ClusterStatus.class);
    } catch (IllegalArgumentException e) {
      throw new OperatorException("what answers at " + node + " is no Spendwatch node", e);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(json ? document : StatusText.of(status));
    return status.isReady() ? 0 : NOT_READY;
  }

  private static URI configured() {
    HttpConfig http = Configuration.load().http();
    return URI.create("http://" + http.host() + ":" + http.port());
  }

  private static String ask(URI node) {
    try (HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(node.resolve("/api/v1/status")).timeout(TIMEOUT).build(),
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
    } catch (IOException e) {
      throw new OperatorException("no node answers at " + node, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
