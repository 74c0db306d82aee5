package io.spendwatch.ops.api;

import io.spendwatch.actors.partition.PartitionWindows;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.audit.windows.WindowsRequest;
import io.spendwatch.ops.status.NodeLogin;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;

/**
 * From outside: asks any node, which asks the partition. Thread-safe. Fails with {@link
 * OperatorException}, in a {@link CompletionException}, where no node answers.
 */
public final class HttpWindows implements AwakeWindows, AutoCloseable {
  private final URI node;
  private final NodeLogin login;
  private final Duration timeout;
  private final HttpClient client;

  /** A node that asks nobody who it is. */
  public HttpWindows(URI node, Duration timeout) {
    this(node, NodeLogin.NONE, timeout);
  }

  /**
   * @param node of any node: http://host:port
   * @param login what is shown to it
   * @param timeout for connecting and for an answer; longer than the node itself waits
   */
  public HttpWindows(URI node, NodeLogin login, Duration timeout) {
    this.node = node;
    this.login = login;
    this.timeout = timeout;
    HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(timeout);
    login.tls().ifPresent(builder::sslContext);
    this.client = builder.build();
  }

  @Override
  public CompletionStage<PartitionWindows> page(int partition, String afterUserId, int usersMax) {
    return ask(partition, new WindowsRequest(afterUserId, usersMax, List.of()));
  }

  @Override
  public CompletionStage<PartitionWindows> of(int partition, List<String> userIds) {
    return ask(partition, new WindowsRequest(null, null, userIds));
  }

  @Override
  public CompletionStage<Done> reread(int partition, List<String> userIds) {
    return post(partition, "reread", new WindowsRequest(null, null, userIds))
        .thenApply(_ -> Done.getInstance());
  }

  private CompletionStage<PartitionWindows> ask(int partition, WindowsRequest request) {
    return post(partition, "windows", request)
        .thenApply(body -> Json.read(body, PartitionWindows.class));
  }

  private CompletionStage<String> post(int partition, String what, WindowsRequest request) {
    HttpRequest.Builder question =
        HttpRequest.newBuilder(
                node.resolve(
                    String.format(Locale.ROOT, "/api/v1/partitions/%d/%s", partition, what)))
            .header("Content-Type", "application/json")
            .timeout(timeout)
            .POST(HttpRequest.BodyPublishers.ofString(Json.write(request)));
    login.authorization().ifPresent(shown -> question.header("Authorization", shown));
    return client
        .sendAsync(question.build(), HttpResponse.BodyHandlers.ofString())
        .handle(
            (response, failure) -> {
              if (failure != null) {
                throw new OperatorException("no node answers at " + node, failure);
              }
              if (response.statusCode() / 100 != 2) {
                throw new OperatorException(
                    String.format(
                        Locale.ROOT,
                        "%s: partition %d: HTTP status %d: %s",
                        node,
                        partition,
                        response.statusCode(),
                        response.body()));
              }
              return response.body();
            });
  }

  @Override
  public void close() {
    client.close();
  }
}
