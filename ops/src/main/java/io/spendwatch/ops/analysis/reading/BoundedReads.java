package io.spendwatch.ops.analysis.reading;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.Statements;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Transactions that cannot write, and end in time or with whoever has asked. For any thread; blocks
 * nobody.
 */
public final class BoundedReads {
  /** A client that is gone is noticed within this time, and its statement ended. */
  public static final String NOTICE_WHO_IS_GONE =
      "SET LOCAL client_connection_check_interval = '1s'";

  private final Duration timeout;

  /**
   * @param timeout of each statement
   */
  public BoundedReads(Duration timeout) {
    this.timeout = timeout;
  }

  /**
   * Does some work in one. A failure comes back in words, as {@link OperatorException}, but for
   * {@link LeftMeanwhileException}.
   *
   * @param unwanted completes when nobody wants the result any more: the server ends it then
   */
  public <T> CompletionStage<T> in(
      Database asked, Function<Statements, CompletionStage<T>> work, CompletionStage<?> unwanted) {
    // What a function in the query has set of the session, its role for one, ends with it.
    return asked
        .rolledBack(
            transaction -> {
              CompletionStage<?> set = CompletableFuture.completedFuture(null);
              for (String setting : settings()) {
                set = set.thenCompose(_ -> transaction.execute(setting, Tuple.tuple()));
              }
              return set.thenCompose(_ -> work.apply(transaction));
            },
            unwanted)
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(inWords(failure)));
  }

  private List<String> settings() {
    return List.of(
        "SET TRANSACTION READ ONLY",
        "SET LOCAL statement_timeout = " + timeout.toMillis(),
        NOTICE_WHO_IS_GONE,
        "SET LOCAL search_path = pg_catalog, spendwatch");
  }

  /** For whoever asked, with what to do. */
  public static Throwable inWords(Throwable failure) {
    Throwable cause = Retry.cause(failure);
    if (cause instanceof PgException refused) {
      return new OperatorException(
          switch (refused.getSqlState()) {
            case "42601" ->
                "refused: "
                    + refused.getErrorMessage()
                    + " (expected: one query: SELECT, WITH, VALUES or TABLE)";
            case "57014" ->
                "given up: it took longer than spendwatch.analysis.timeout allows (ask for less, or of a roll-up)";
            default -> PgFailure.describe(cause);
          },
          cause);
    }
    return cause instanceof OperatorException || cause instanceof LeftMeanwhileException
        ? cause
        : new OperatorException(PgFailure.describe(cause), cause);
  }
}
