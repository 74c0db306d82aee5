package io.spendwatch.streams.database;

import io.spendwatch.streams.base.Retry;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Runs prepared statements. For any thread. */
public interface Statements {

  /**
   * Runs one, in a transaction of its own.
   *
   * @return completes on any thread that must not be blocked. After a failure other than the
   *     server's own refusal it is open whether the statement took effect, or still will.
   */
  CompletionStage<RowSet<Row>> execute(String sql, Tuple parameters);

  /**
   * Like {@link #execute}, for whoever can only pass a failure on as text: its message says that it
   * is PostgreSQL's, as {@link PgFailure#describe} does.
   */
  default CompletionStage<RowSet<Row>> read(String sql, Tuple parameters) {
    return execute(sql, parameters)
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    new IllegalStateException(
                        PgFailure.describe(Retry.cause(failure)), Retry.cause(failure))));
  }
}
