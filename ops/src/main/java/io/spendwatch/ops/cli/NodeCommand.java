package io.spendwatch.ops.cli;

import io.spendwatch.ops.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** One cluster node. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = {
      "Runs one node against the Kafka and PostgreSQL that the settings name, until Ctrl-C or"
          + " SIGTERM; it then finishes what is in flight.",
      "It waits for servers that are not there, and says so in its log and its status."
    },
    footer = {
      "",
      "Settings: SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS, SPENDWATCH_PG_URI, SPENDWATCH_PG_USER,"
          + " SPENDWATCH_PG_PASSWORD, SPENDWATCH_HTTP_PORT (8080), SPENDWATCH_CLUSTER_SEEDS,"
          + " SPENDWATCH_NODE_ID, SPENDWATCH_CONFIG (a file), SPENDWATCH_LOG_LEVEL, and more: see"
          + " docs."
    })
public final class NodeCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    Node node = Node.start(Configuration.load(), InstantSource.system());
    var _ = node.ended().toCompletableFuture().join();
    if (node.toldToEnd()) {
      return 0;
    }
    throw new OperatorException("the node has left the cluster; its log says why");
  }
}
