package io.spendwatch.ops.lab.demo;

import io.spendwatch.ops.storage.schema.PostgresAddress;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * One of several nodes is killed in the midst of traffic, the others take over what it had, and it
 * is started again. For one thread.
 *
 * @param node that was killed
 * @param partitions of the transactions that it had
 * @param since when the traffic before it is looked at
 */
record NodeKill(String node, List<Integer> partitions, Instant since, Instant at) {
  private static final Duration BEFORE_KILL = Duration.ofSeconds(8);
  private static final Duration BEFORE_RESTART = Duration.ofSeconds(3);

  /**
   * Does all that.
   *
   * @param topic of the transactions
   * @param say is told what happens, for people
   * @return empty where the demo came to its end before the others had all partitions
   */
  static Optional<NodeKill> kill(Nodes nodes, Watch watch, String topic, Consumer<String> say)
      throws InterruptedException, SQLException {
    if (!watch.until(Watch.after(BEFORE_KILL))) {
      return Optional.empty();
    }
    String victim = nodes.victim();
    Map<String, List<Integer>> before = new TreeMap<>();
    // Nodes on a machine that has too much to do may not answer at once.
    boolean known =
        watch.until(
            () -> {
              before.clear();
              before.putAll(nodes.owners(topic));
              return before.containsKey(victim);
            });
    if (!known) {
      return Optional.empty();
    }
    int all = count(before);
    say.accept("Partitions of the transactions: " + text(before));
    Instant now = Instant.now();
    nodes.kill(victim);
    var kill =
        new NodeKill(victim, before.getOrDefault(victim, List.of()), now.minus(BEFORE_KILL), now);
    say.accept(
        String.format(
            Locale.ROOT, "%s is killed (kill -9), which had %s", victim, kill.partitions()));

    boolean others =
        watch.until(
            () -> {
              Map<String, List<Integer>> owners = nodes.owners(topic);
              return !owners.containsKey(victim) && count(owners) >= all;
            });
    if (!others) {
      return Optional.empty();
    }
    say.accept("The others have all of them: " + text(nodes.owners(topic)));
    if (watch.until(Watch.after(BEFORE_RESTART))) {
      nodes.start(victim);
      say.accept(victim + " is started again");
      if (watch.until(() -> nodes.owners(topic).getOrDefault(victim, List.of()).size() > 0)) {
        say.accept(victim + " is back: " + text(nodes.owners(topic)));
      }
    }
    return Optional.of(kill);
  }

  /** What it did to the partitions. */
  Failover failover(PostgresAddress database) throws SQLException {
    return Failover.measure(database, node, since, at, partitions);
  }

  private static int count(Map<String, List<Integer>> owners) {
    return owners.values().stream().mapToInt(List::size).sum();
  }

  private static String text(Map<String, List<Integer>> owners) {
    return owners.entrySet().stream()
        .map(owner -> owner.getKey() + " has " + owner.getValue())
        .collect(Collectors.joining(", "));
  }
}
