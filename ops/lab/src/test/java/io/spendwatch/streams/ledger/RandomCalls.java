package io.spendwatch.streams.ledger;

import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Calls that depend on a seed and on what the calls before have left: a kind of call in each of the
 * classes that it draws from.
 */
final class RandomCalls {
  /**
   * A call, the same on any server.
   *
   * @param on its answer, ordered even where no order is promised
   */
  record Call(String kind, Object what, Function<Adapters, CompletionStage<?>> on) {
    @Override
    public String toString() {
      return kind + " " + what;
    }
  }

  private final RandomDraw draw;
  private final RandomWrites writes;
  private final RandomQuestions questions;
  private final RandomSources sources;
  private final RandomBalances balances;
  private int calls;

  /**
   * @param stored what the calls before have left
   */
  RandomCalls(long seed, SimulatedPostgres stored) {
    this.draw = new RandomDraw(seed);
    this.writes = new RandomWrites(draw, stored);
    this.questions = new RandomQuestions(draw, stored, writes.received());
    this.sources = new RandomSources(draw, stored);
    this.balances = new RandomBalances(draw);
  }

  Call next() {
    calls++;
    int choice = draw.random().nextInt(110);
    if (calls == 1 && !draw.oneIn(10)) {
      return sources.adopt();
    } else if (choice >= 100) {
      return sources.layout();
    } else if (calls <= RandomDraw.PARTITIONS + 1 || choice < 5) {
      return writes.claim();
    } else if (choice < 12) {
      return writes.together();
    } else if (choice < 36) {
      return writes.write();
    } else if (choice < 41) {
      return writes.writeWithoutPartitions();
    } else if (choice < 47) {
      return writes.alertsAfter();
    } else if (choice < 52) {
      return questions.partition();
    } else if (choice < 63) {
      return questions.users();
    } else if (choice < 68) {
      return questions.stored();
    } else if (choice < 74) {
      return questions.exposures();
    } else if (choice < 76) {
      return sources.source();
    } else if (choice < 79) {
      return questions.transactionIds();
    } else if (choice < 83) {
      return balances.balances();
    } else if (choice < 92) {
      return balances.applyBalances();
    } else if (choice < 98) {
      return balances.putAccount();
    } else {
      return balances.removeAccount();
    }
  }
}
