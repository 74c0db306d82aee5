package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.lab.process.Children;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.OperatorToken;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.status.NodeStatus.Partition;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A demo's nodes, of which one can be killed and started again. For one thread. */
final class Nodes implements AutoCloseable {
  private static final Duration ANSWER = Duration.ofSeconds(4);

  private final Children children;
  private final Map<String, String> environment;
  private final Optional<OperatorToken> token;
  private final List<Integer> httpPorts = new ArrayList<>();
  private final Map<String, GuardedProcess> running = new TreeMap<>();
  private final HttpClient client = HttpClient.newHttpClient();

  /**
   * Starts them.
   *
   * @param environment their settings, but for what tells them apart
   * @param token that they want to see, if any
   * @param httpPort of the first one
   */
  Nodes(
      Children children,
      Map<String, String> environment,
      Optional<OperatorToken> token,
      int count,
      int httpPort) {
    this.children = children;
    this.environment = Map.copyOf(environment);
    this.token = token;
    for (int i = 0; i < count; i++) {
      httpPorts.add(i == 0 ? httpPort : Ports.free());
      start(name(i));
    }
  }

  /** Where the first one answers. */
  URI http() {
    return URI.create("http://" + Ports.LOOPBACK + ":" + httpPorts.getFirst());
  }

  /** Where a browser sees the first one. */
  URI dashboard() {
    return token.map(shown -> shown.dashboard(http())).orElseGet(this::http);
  }

  int count() {
    return httpPorts.size();
  }

  /** The one that is killed: not the one that people may be looking at. */
  String victim() {
    return name(count() - 1);
  }

  void start(String name) {
    Map<String, String> own = new HashMap<>(environment);
    own.put("SPENDWATCH_NODE_ID", name);
    own.put(
        "SPENDWATCH_HTTP_PORT",
        Integer.toString(httpPorts.get(Integer.parseInt(name.substring("node-".length())) - 1)));
    running.put(name, children.start(name, own, List.of("node")));
  }

  void kill(String name) {
    running.remove(name).kill();
  }

  /**
   * Looks whether they run.
   *
   * @throws OperatorException if one has stopped that was not killed
   */
  void check() {
    for (GuardedProcess node : running.values()) {
      if (!node.isRunning()) {
        throw new OperatorException(node.lastWords());
      }
    }
  }

  /** What the first one says of all; empty where it does not answer. */
  Optional<ClusterStatus> status() throws InterruptedException {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(http().resolve("/api/v1/status")).timeout(ANSWER);
      token.ifPresent(shown -> request.header("Authorization", shown.authorization()));
      return Optional.of(
          Json.read(
              client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body(),
              ClusterStatus.class));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Who has which partitions of a topic, as far as they are at work. */
  Map<String, List<Integer>> owners(String topic) throws InterruptedException {
    return status().map(ClusterStatus::partitions).orElse(List.of()).stream()
        .filter(partition -> partition.topic().equals(topic))
        .filter(partition -> partition.node() != null && partition.state().equals("RUNNING"))
        .collect(
            Collectors.groupingBy(
                Partition::node,
                TreeMap::new,
                Collectors.mapping(Partition::partition, Collectors.toList())));
  }

  private static String name(int index) {
    return "node-" + (index + 1);
  }

  /** All at once: they need not see each other off one by one. */
  @Override
  public void close() {
    client.close();
    running.values().parallelStream().forEach(GuardedProcess::close);
  }
}
