package io.spendwatch.ops.lab.bench;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.bench.load.Traffic;
import io.spendwatch.ops.lab.bench.site.Namespace;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Backlog;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.ops.lab.bench.turns.Contender;
import io.spendwatch.ops.lab.bench.turns.Turn;
import io.spendwatch.ops.lab.sandbox.kafka.KafkaServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A node's work once through, for its JVM to note what it loads and which methods it runs most (JEP
 * 483, 514, 515): nodes that have that file start with it. And a broker's, for the classes.
 */
public final class Rehearsal {
  /** Until a node has ended that writes down what it has learned. */
  private static final Duration LEAVE = Duration.ofMinutes(5);

  /** The JVM puts all classes there when it writes: what nodes have is too little for that. */
  private static final String ROOM = "-XX:MaxMetaspaceSize=512m";

  private final Bench bench;
  private final int users;
  private final long transactions;
  private final long seed;

  /**
   * @param bench where
   * @param users whose transactions they are
   * @param transactions that the node decides on, besides one of each user
   */
  public Rehearsal(Bench bench, int users, long transactions, long seed) {
    this.bench = bench;
    this.users = users;
    this.transactions = transactions;
    this.seed = seed;
  }

  /**
   * Runs a node until it has decided on all of them, and a broker. Blocks.
   *
   * @param file where its JVM writes; must not be there
   * @throws OperatorException if what the node decided is not right, or a file was not written
   */
  public void run(Path file) {
    try (Site site = bench.site()) {
      Namespace namespace = site.create("rehearsal", bench.now());
      var backlog =
          new Backlog(
              Traffic.settings("rehearsal", seed, users, DrainBenchmark.SCENARIOS_PER_SECOND),
              users,
              transactions);
      backlog.produce(site, namespace, bench.now());
      String options = "-XX:AOTCacheOutput=" + file + " " + ROOM;
      Path log;
      try (Turn turn = Turn.start(bench, site, Contender.NODE, namespace, options)) {
        log = turn.log();
        long _ = turn.awaitBehind(turn.offsets().ends(), 0);
        bench.say(backlog.check(Contender.NODE.label(), site, namespace));
        turn.leave(LEAVE);
      }
      if (!Files.isRegularFile(file)) {
        throw new OperatorException("the node's JVM has not written " + file + "; its log: " + log);
      }
    }
    KafkaServer.rehearse(bench.root().resolve("kafka"));
  }
}
