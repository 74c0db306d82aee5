package io.spendwatch.ops.lab.demo;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.lab.sandbox.EmbeddedServers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Waits while everything that should run does, and the demo is not to come to its end. For one
 * thread.
 */
final class Watch {
  /** Between two looks. */
  static final Duration LOOK = Duration.ofMillis(250);

  /** What is waited for. */
  interface Condition {
    boolean holds() throws InterruptedException, SQLException;
  }

  private final Nodes nodes;
  private final EmbeddedServers servers;
  private final Runnable others;
  private final DemoEnd end;

  /**
   * @param others looks whether what else should run does; throws OperatorException where not
   */
  Watch(Nodes nodes, EmbeddedServers servers, Runnable others, DemoEnd end) {
    this.nodes = nodes;
    this.servers = servers;
    this.others = others;
    this.end = end;
  }

  /** That so much time has passed from now on. */
  static Condition after(Duration pause) {
    long dueNanos = System.nanoTime() + pause.toNanos();
    return () -> System.nanoTime() - dueNanos >= 0;
  }

  /**
   * Waits for a child's end.
   *
   * @return false if the demo is to come to its end first
   * @throws OperatorException if it fails, or what it needs has stopped
   */
  boolean await(GuardedProcess child) throws InterruptedException, SQLException {
    CompletableFuture<Integer> exit = child.exit();
    if (!until(exit::isDone)) {
      return false;
    }
    if (exit.join() != 0) {
      throw new OperatorException(child.lastWords() + ": " + lastLine(child));
    }
    return true;
  }

  /** What a child has said last. */
  static String lastLine(GuardedProcess child) {
    return child.output().lines().filter(line -> !line.isBlank()).reduce((_, l) -> l).orElse("");
  }

  /**
   * Waits for so long, whatever has stopped.
   *
   * @return false if the demo is to come to its end first
   */
  boolean pause(Duration pause) throws InterruptedException {
    return !end.isToldWithin(pause);
  }

  /**
   * Waits until it holds.
   *
   * @return false if the demo is to come to its end first
   * @throws OperatorException if a node or server has stopped
   */
  boolean until(Condition condition) throws InterruptedException, SQLException {
    CompletableFuture<String> serversEnded = servers.ended();
    while (!condition.holds()) {
      nodes.check();
      others.run();
      if (serversEnded.isDone()) {
        throw new OperatorException(serversEnded.join());
      }
      if (end.comesWithin(LOOK)) {
        return false;
      }
    }
    return true;
  }
}
