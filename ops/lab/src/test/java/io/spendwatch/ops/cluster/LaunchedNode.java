package io.spendwatch.ops.cluster;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.lab.sandbox.start.Ports;
import io.spendwatch.ops.status.NodeStatus;
import io.spendwatch.ops.testing.Launched;
import io.spendwatch.ops.testing.TestBed;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A node of a test bed in a process of its own, that answers at a port of its own. */
final class LaunchedNode implements AutoCloseable {
  private static final Duration ASK = Duration.ofSeconds(2);
  private static final HttpClient CLIENT = HttpClient.newBuilder().connectTimeout(ASK).build();

  private final Launched process;
  private final int httpPort;

  private LaunchedNode(Launched process, int httpPort) {
    this.process = process;
    this.httpPort = httpPort;
  }

  /** Nothing but the port tells it from the bed's other nodes. */
  static LaunchedNode start(TestBed bed) {
    return start(bed, Ports.free());
  }

  /** Another life of the node that had this port. */
  static LaunchedNode start(TestBed bed, int httpPort) {
    return start(bed, httpPort, Map.of());
  }

  /** With more settings than the bed's. */
  static LaunchedNode start(TestBed bed, int httpPort, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(bed.environment());
    environment.putAll(more);
    environment.put("SPENDWATCH_HTTP_PORT", Integer.toString(httpPort));
    return new LaunchedNode(Launched.start(environment, "node"), httpPort);
  }

  Launched process() {
    return process;
  }

  int httpPort() {
    return httpPort;
  }

  /** What it says of itself; empty where it does not answer. */
  Optional<NodeStatus> status() {
    try {
      var request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + httpPort + "/api/v1/status?scope=node"))
              .timeout(ASK)
              .build();
      return Optional.of(
          Json.read(
              CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body(), NodeStatus.class));
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  boolean isReady() {
    return status().filter(s -> s.node().state() == NodeStatus.State.READY).isPresent();
  }

  /** How many partitions it consumes, of both topics. */
  int partitions() {
    return status().map(s -> s.partitions().size()).orElse(0);
  }

  /**
   * Addresses of the members that are Up, in their order; empty where another has another state.
   */
  List<String> membersUp() {
    return status()
        .map(NodeStatus::members)
        .filter(members -> members.stream().allMatch(member -> member.status().equals("Up")))
        .orElse(List.of())
        .stream()
        .map(NodeStatus.Member::address)
        .sorted()
        .toList();
  }

  @Override
  public void close() {
    process.close();
  }
}
