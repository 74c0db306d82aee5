package io.spendwatch.ops.lab.bench;

import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.lab.bench.site.Installation;
import io.spendwatch.ops.lab.bench.site.Site;
import io.spendwatch.ops.lab.bench.turns.Bench;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.protocol.Verdict;
import io.spendwatch.streams.ledger.Ledger;
import io.spendwatch.streams.ledger.LedgerBatch;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * What a write costs while somebody holds a snapshot from before many others: in turns, beside a
 * database in which nobody does.
 */
final class SnapshotBenchmark {
  private static final String NAME = Benchmark.SNAPSHOT.label();
  private static final int TURNS = 16;
  private static final int BATCH_ROWS = 10;
  private static final Duration ANSWER = Duration.ofMinutes(1);
  private static final String CHECK = "each batch written whole";

  private final Bench bench;
  private final int writes;

  /**
   * @param writes of each of the two
   */
  SnapshotBenchmark(Bench bench, int writes) {
    this.bench = bench;
    this.writes = writes;
  }

  List<Figure> run() {
    try (Site site = bench.site();
        Installation free = bench.installation(site, "free");
        Installation held = bench.installation(site, "held");
        Connection analyst = held.connect();
        Statement statement = analyst.createStatement()) {
      Partition without = new Partition(free);
      Partition with = new Partition(held);
      analyst.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      analyst.setAutoCommit(false);
      boolean _ = statement.execute("SELECT count(*) FROM spendwatch.progress");
      bench.say(String.format(Locale.ROOT, "%,d writes beside a snapshot", writes));
      for (int turn = 0; turn < TURNS; turn++) {
        for (Partition each : turn % 2 == 0 ? List.of(without, with) : List.of(with, without)) {
          each.write(Math.max(1, writes / TURNS));
        }
      }
      return List.of(
          new Figure(
              NAME,
              String.format(Locale.ROOT, "a write, the last of %,d", writes),
              with.millis.getLast(),
              "ms",
              without.millis.getLast(),
              CHECK),
          new Figure(
              NAME,
              String.format(Locale.ROOT, "a claim after %,d writes", writes),
              with.claim(),
              "ms",
              without.claim(),
              CHECK));
    } catch (SQLException e) {
      throw new OperatorException("no snapshot: " + e.getMessage(), e);
    }
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(ANSWER.toSeconds(), TimeUnit.SECONDS).join();
  }

  private static final class Partition {
    private final Ledger ledger;
    private final long nowMs;
    private final List<Double> millis = new ArrayList<>();
    private final long epoch;
    private long written;

    Partition(Installation on) {
      this.nowMs = on.now().toEpochMilli();
      this.ledger = on.ledger();
      this.epoch = await(ledger.claim(0, "bench", nowMs)).orElseThrow().epoch();
      write(100);
      millis.clear();
    }

    void write(int count) {
      long startNanos = System.nanoTime();
      for (int i = 0; i < count; i++) {
        if (!(await(ledger.write(batch())) instanceof Ledger.Written done)
            || done.transactions() != BATCH_ROWS) {
          throw new OperatorException("a batch was not written");
        }
      }
      millis.add((System.nanoTime() - startNanos) / 1e6 / count);
    }

    double claim() {
      long startNanos = System.nanoTime();
      var _ = await(ledger.claim(0, "bench", nowMs)).orElseThrow();
      return (System.nanoTime() - startNanos) / 1e6;
    }

    private LedgerBatch batch() {
      written++;
      List<Received> received = new ArrayList<>(BATCH_ROWS);
      for (int i = 0; i < BATCH_ROWS; i++) {
        long offset = written * BATCH_ROWS + i;
        Transaction transaction =
            new Transaction(
                "bench-" + offset,
                "user-" + offset % 10_000,
                100,
                "USD",
                nowMs,
                TransactionKind.PURCHASE,
                "m-1",
                null);
        received.add(new Received(transaction, offset));
      }
      Assessment assessed =
          new Assessment.Stored(
              Verdict.CLEAR, 100, new AccountBalance(1_000_000, "USD", 1, nowMs), 1);
      return new LedgerBatch(
          0,
          epoch,
          written,
          nowMs,
          Long.MIN_VALUE,
          nowMs,
          Long.MIN_VALUE,
          received,
          Collections.nCopies(BATCH_ROWS, assessed),
          List.of(),
          0,
          0,
          0,
          0);
    }
  }
}
