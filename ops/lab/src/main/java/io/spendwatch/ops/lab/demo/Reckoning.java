package io.spendwatch.ops.lab.demo;

import io.spendwatch.ops.lab.process.GuardedProcess;
import io.spendwatch.ops.status.ClusterStatus;
import io.spendwatch.ops.storage.schema.PostgresAddress;
import io.spendwatch.protocol.Topics;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** What a demo comes to, once its traffic is over: a summary, and what audits say. One thread. */
final class Reckoning {
  private static final Duration AUDIT_MAX = Duration.ofMinutes(5);
  private static final Duration CATCH_UP_MAX = Duration.ofSeconds(15);

  private final PostgresAddress database;
  private final Map<String, Object> client;
  private final Topics topics;
  private final Consumer<String> say;

  /**
   * @param client settings of a client of Kafka
   * @param say is told what happens, for people
   */
  Reckoning(
      PostgresAddress database, Map<String, Object> client, Topics topics, Consumer<String> say) {
    this.database = database;
    this.client = client;
    this.topics = topics;
    this.say = say;
  }

  /** Waits, for a bounded time, until the nodes have read everything, and all of it is seen. */
  Summary sum(
      AlertFeed feed,
      Nodes nodes,
      Optional<Failover> failover,
      Optional<BothEnds> ends,
      Optional<String> archived)
      throws SQLException, ExecutionException, InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + CATCH_UP_MAX.toNanos();
    Optional<ClusterStatus> status = Optional.empty();
    while (!isCaughtUp(status) && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(status.isEmpty() ? 0 : Watch.LOOK.toMillis());
      Optional<ClusterStatus> before = status;
      status = nodes.status().or(() -> before);
    }
    while (true) {
      Summary summary =
          Summary.take(database, client, topics, feed, status, failover, ends, archived);
      // An alert that was published just now may not be on the screen yet.
      if (!summary.looksForLosses() || summary.nothingIsLost() || System.nanoTime() >= deadline) {
        return summary;
      }
      TimeUnit.MILLISECONDS.sleep(Watch.LOOK.toMillis());
    }
  }

  private static boolean isCaughtUp(Optional<ClusterStatus> status) {
    return status.map(s -> Long.valueOf(0).equals(s.totals().lagRecords())).orElse(false);
  }

  /**
   * Waits for an audit, by the command that anybody has, and says what it says.
   *
   * @param started the command; closed then
   * @return whether the tables are clean
   */
  boolean isClean(GuardedProcess started)
      throws ExecutionException, InterruptedException, TimeoutException {
    try (GuardedProcess audit = started) {
      int status = audit.exit().get(AUDIT_MAX.toSeconds(), TimeUnit.SECONDS);
      audit
          .output()
          .lines()
          .filter(line -> !line.isBlank())
          .forEach(line -> say.accept("Audit: " + line));
      return status == 0;
    }
  }
}
