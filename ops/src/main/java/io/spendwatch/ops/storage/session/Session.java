package io.spendwatch.ops.storage.session;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Statements one after the other, by a thread that waits for each: an audit, say, has nothing else
 * to do. For one thread, which must not be one that others wait for. Throws {@link
 * OperatorException} where PostgreSQL fails.
 */
public final class Session {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);

  private final Statements statements;

  public Session(Statements statements) {
    this.statements = statements;
  }

  /** Does the work in one transaction, which sees the tables as they are at its first statement. */
  public static <T> T transaction(Database database, Function<Session, T> work) {
    return join(database.transaction(statements -> onThreadOfItsOwn(statements, work)));
  }

  /**
   * Does the work on one connection, in transactions that the work {@linkplain #inTransaction
   * begins}.
   */
  public static <T> T pinned(Database database, Function<Session, T> work) {
    return join(database.session(statements -> onThreadOfItsOwn(statements, work)));
  }

  /** This thread delivers the answers that the work will wait for. */
  private static <T> CompletableFuture<T> onThreadOfItsOwn(
      Statements statements, Function<Session, T> work) {
    CompletableFuture<T> done = new CompletableFuture<>();
    Thread.ofVirtual()
        .name("session")
        .start(
            () -> {
              try {
                done.complete(work.apply(new Session(statements)));
              } catch (RuntimeException | Error e) {
                done.completeExceptionally(e);
              }
            });
    return done;
  }

  /**
   * Does a part of a {@linkplain #pinned session's} work in a transaction of its own, which sees
   * the tables as they are at its first statement. What fails ends the session's work.
   */
  public <T> T inTransaction(Supplier<T> part) {
    query("BEGIN ISOLATION LEVEL REPEATABLE READ");
    T result;
    try {
      // Compiling takes longer than what it saves here.
      query("SET LOCAL jit = off");
      result = part.get();
    } catch (RuntimeException | Error e) {
      rollBack(e);
      throw e;
    }
    query("COMMIT");
    return result;
  }

  private void rollBack(Throwable why) {
    try {
      query("ROLLBACK");
    } catch (OperatorException e) {
      // The connection is gone, and the transaction with it.
      why.addSuppressed(e);
    }
  }

  public RowSet<Row> query(String sql, Object... parameters) {
    long startedNanos = System.nanoTime();
    RowSet<Row> rows = join(statements.execute(sql, Tuple.from(parameters)));
    LOG.debug(
        "{} ms: {}",
        Duration.ofNanos(System.nanoTime() - startedNanos).toMillis(),
        sql.lines().filter(line -> !line.startsWith("--")).findFirst().orElse(""));
    return rows;
  }

  /** The first row of an answer that has one. */
  public Row one(String sql, Object... parameters) {
    return query(sql, parameters).iterator().next();
  }

  private static <T> T join(CompletionStage<T> answer) {
    try {
      return answer.toCompletableFuture().join();
    } catch (CompletionException e) {
      Throwable cause = Retry.cause(e);
      if (cause instanceof OperatorException operator) {
        throw operator;
      }
      throw new OperatorException(PgFailure.describe(cause), cause);
    }
  }
}
