package io.spendwatch.streams.pipeline;

import static org.awaitility.Awaitility.await;

import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.ledger.SimulatedPostgres;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** The simulated server at once, but for the ledger's writes, which wait or fail as told. */
final class ScriptedServer implements Statements {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final Set<String> WRITES =
      Set.of("write_ledger", "write_transactions", "write_again");

  /** So many writes fail before they take effect, from now on ... */
  final AtomicInteger failures = new AtomicInteger();

  /** ... and the answers of so many are lost after that. */
  final AtomicInteger lostAnswers = new AtomicInteger();

  private final SimulatedPostgres postgres;
  private final List<Runnable> held = new ArrayList<>();
  private boolean holds;

  ScriptedServer(SimulatedPostgres postgres) {
    this.postgres = postgres;
  }

  @Override
  public CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters) {
    if (!WRITES.contains(postgres.name(sql))) {
      return run(sql, parameters);
    }
    if (failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      return CompletableFuture.failedFuture(new ConnectException("refused"));
    }
    if (lostAnswers.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
      var _ = run(sql, parameters);
      return CompletableFuture.failedFuture(new ConnectException("reset"));
    }
    synchronized (this) {
      if (!holds) {
        return run(sql, parameters);
      }
      CompletableFuture<RowSet<Row>> answer = new CompletableFuture<>();
      held.add(
          () ->
              run(sql, parameters)
                  .whenComplete(
                      (rows, failure) -> {
                        if (failure == null) {
                          answer.complete(rows);
                        } else {
                          answer.completeExceptionally(failure);
                        }
                      }));
      return answer;
    }
  }

  private CompletionStage<RowSet<Row>> run(String sql, Tuple parameters) {
    synchronized (postgres) {
      try {
        return CompletableFuture.completedFuture(postgres.run(sql, parameters));
      } catch (PgException e) {
        return CompletableFuture.failedFuture(e);
      }
    }
  }

  /** From now on writes wait. */
  synchronized void hold() {
    holds = true;
  }

  private synchronized boolean isHeld() {
    return !held.isEmpty();
  }

  /** Until one waits. */
  void awaitHeld() {
    await("a write").atMost(LIMIT).until(this::isHeld);
  }

  /** Those that wait, and those to come, run. */
  void release() {
    List<Runnable> waiting;
    synchronized (this) {
      holds = false;
      waiting = List.copyOf(held);
      held.clear();
    }
    waiting.forEach(Runnable::run);
  }
}
