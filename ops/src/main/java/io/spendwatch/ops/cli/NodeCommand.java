package io.spendwatch.ops.cli;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.node.Node;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;

/** One cluster node. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = {
      "Runs one node against the Kafka and PostgreSQL that the settings name, until Ctrl-C or"
          + " SIGTERM; it then finishes what is in flight, and leaves its cluster. Nodes that share"
          + " the database find each other.",
      "It waits for servers that are not there, and says so in its log and its status."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:it was told to end, and has left in order",
      "1:it could not start, or had to leave its cluster",
      "2:wrong usage"
    },
    footerHeading = "%nExample:%n",
    footer = {
      "  SPENDWATCH_HTTP_PORT=8081 spendwatch node",
      "",
      "Settings: SPENDWATCH_KAFKA_BOOTSTRAP_SERVERS, SPENDWATCH_PG_URI, SPENDWATCH_PG_USER,"
          + " SPENDWATCH_PG_PASSWORD, SPENDWATCH_HTTP_PORT (8080), SPENDWATCH_CLUSTER_HOST,"
          + " SPENDWATCH_CLUSTER_SEEDS, SPENDWATCH_NODE_ID, SPENDWATCH_CONFIG (a file),"
          + " SPENDWATCH_LOG_LEVEL, and more: see docs."
    })
public final class NodeCommand implements Callable<Integer> {
  /** More than all phases of {@code pekko.coordinated-shutdown} together may take. */
  private static final Duration END_MAX = Duration.ofMinutes(2);

  @Override
  public Integer call() {
    Node node = Node.start(Configuration.load(), InstantSource.system());
    Runtime.getRuntime().addShutdownHook(new Thread(() -> endInOrder(node), "end-in-order"));
    var _ = node.ended().toCompletableFuture().join();
    if (node.toldToEnd()) {
      return 0;
    }
    throw new OperatorException(node.whyItEnded());
  }

  /**
   * After a signal the JVM would exit with the signal's number, as if the node had been killed by
   * it, although it has drained and left.
   */
  private static void endInOrder(Node node) {
    try {
      var _ = node.ended().toCompletableFuture().get(END_MAX.toSeconds(), TimeUnit.SECONDS);
      if (node.toldToEnd()) {
        Runtime.getRuntime().halt(0);
      }
    } catch (ExecutionException | TimeoutException e) {
      System.err.println("spendwatch node: it does not end, and is cut off: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
