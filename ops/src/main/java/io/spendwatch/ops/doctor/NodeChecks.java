package io.spendwatch.ops.doctor;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.cluster.RegisteredNode;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.status.NodeClient;
import io.spendwatch.ops.status.NodeStatus;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Looks at the nodes that run. Blocks; for one thread. */
final class NodeChecks {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final String PATH = "/api/v1/status?scope=node";

  /** The header of the date says no more. */
  private static final long DATE_MS = 1000;

  private final Configuration configuration;
  private final InstantSource clock;

  private final List<String> silent = new ArrayList<>();
  private final List<String> waiting = new ArrayList<>();
  private final List<String> ready = new ArrayList<>();
  private final TreeSet<String> versions = new TreeSet<>();
  private long apartMs;

  NodeChecks(Configuration configuration, InstantSource clock) {
    this.configuration = configuration;
    this.clock = clock;
  }

  /**
   * Looks.
   *
   * @param registered in the database; whoever answers at the configured address is asked where
   *     there are none
   */
  List<Check> look(List<RegisteredNode> registered) {
    List<RegisteredNode> asked =
        registered.stream().filter(node -> !node.http().isEmpty()).toList();
    if (asked.isEmpty()) {
      String here = configuration.http().host() + ":" + configuration.http().port();
      ask(here, here, true);
    } else {
      asked.forEach(node -> ask(node.nodeId(), node.http(), false));
    }
    List<Check> checks = new ArrayList<>();
    checks.add(answers());
    if (!ready.isEmpty() || !waiting.isEmpty()) {
      checks.add(
          versions.size() > 1
              ? Check.warning(
                  "node versions",
                  String.join(", ", versions),
                  "finish the upgrade: bring all nodes to one version")
              : Check.ok("node versions", String.join("", versions)));
      checks.add(
          Clocks.check(
              "clocks of nodes", apartMs, configuration.streams().pipeline().maxFutureSkew()));
    }
    return checks;
  }

  private Check answers() {
    if (!silent.isEmpty()) {
      return Check.problem(
          "nodes",
          "no answer from " + String.join("; ", silent),
          "look at their logs, and at what lies between: they are in the database, and are not"
              + " reached from here");
    }
    if (!waiting.isEmpty()) {
      return Check.problem("nodes", String.join("; ", waiting), "give them what they wait for");
    }
    return Check.ok("nodes", ready.isEmpty() ? "none runs" : "ready: " + String.join(", ", ready));
  }

  private void ask(String id, String http, boolean mayBeAbsent) {
    long beforeMs = clock.millis();
    try {
      URI address = configuration.http().address(http);
      Optional<NodeClient.Answer> answer =
          NodeClient.get(address, configuration.http().login(), PATH, TIMEOUT);
      if (answer.isEmpty()) {
        if (!mayBeAbsent) {
          silent.add(id + " at " + http);
        }
        return;
      }
      long afterMs = clock.millis();
      NodeStatus.NodeInfo node = Json.read(answer.get().document(address), NodeStatus.class).node();
      versions.add(node.version().isEmpty() ? "before 0.1.0" : node.version());
      if (node.state() == NodeStatus.State.READY) {
        ready.add(node.id());
      } else {
        waiting.add(node.id() + " waits for " + String.join(", ", node.waitingFor()));
      }
      long dateMs = answer.get().dateMs();
      if (dateMs > 0) {
        long behindMs = beforeMs - (dateMs + DATE_MS);
        apartMs = Math.max(apartMs, Math.max(behindMs, dateMs - afterMs));
      }
    } catch (OperatorException | IllegalArgumentException e) {
      silent.add(id + " at " + http + " (" + e.getMessage() + ")");
    }
  }
}
