package io.spendwatch.ops.analysis;

import io.spendwatch.ops.errors.OperatorException;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.PgFailure;
import io.spendwatch.streams.database.Statements;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Answers queries that somebody has written: one statement that reads, in a transaction that cannot
 * write, through a cursor, within bounds of time, rows and bytes. Whoever may ask has the
 * database's credentials anyway. For any thread; blocks nobody.
 */
public final class FreeQueries {
  private static final int FETCHED_AT_ONCE = 500;

  /**
   * Makes the name of each cursor another one: the driver keeps statements prepared, and with a
   * FETCH what the columns of its cursor were.
   */
  private static final AtomicLong CURSORS = new AtomicLong();

  /** A client that is gone is noticed within this time, and its statement ended. */
  static final String NOTICE_WHO_IS_GONE = "SET LOCAL client_connection_check_interval = '1s'";

  private final Database database;
  private final AnalysisConfig config;

  /**
   * A query with its route.
   *
   * @param plan what the planner says of it
   * @param age of what the roll-ups lack
   */
  public record Routed(QueryPlan plan, Route route, Duration age) {}

  /**
   * @param database the analytical pool
   */
  public FreeQueries(Database database, AnalysisConfig config) {
    this.database = database;
    this.config = config;
  }

  /**
   * Where it would be answered.
   *
   * @param ageMax how old the answer may be; empty for any age
   */
  public CompletionStage<Routed> route(String sql, Optional<Duration> ageMax) {
    return explained(
        transaction -> routed(transaction, sql, ageMax).thenApply(there -> there.routed()));
  }

  /**
   * Answers it. Fails with {@link OperatorException} where it is refused, saying why and what would
   * answer it.
   */
  public CompletionStage<AnalysisAnswer> answer(String sql, Optional<Duration> ageMax) {
    long startedNanos = System.nanoTime();
    return explained(
        transaction ->
            routed(transaction, sql, ageMax)
                .thenCompose(
                    there ->
                        switch (there.routed().route()) {
                          case Route.Refused refused ->
                              CompletableFuture.<AnalysisAnswer>failedFuture(
                                  new OperatorException(
                                      "refused: "
                                          + refused.reason()
                                          + " (what would answer: "
                                          + refused.instead()
                                          + ")"));
                          case Route.ByRollup _ ->
                              read(
                                  transaction,
                                  sql,
                                  "rollup",
                                  there.moment().asOf(),
                                  there.moment().ageMs(),
                                  startedNanos);
                          case Route.ByPrimary _ ->
                              read(
                                  transaction,
                                  sql,
                                  "primary",
                                  there.moment().readAt(),
                                  0,
                                  startedNanos);
                        }));
  }

  private record There(Routed routed, Reports.Moment moment) {}

  private interface Work<T> {
    CompletionStage<T> in(Statements transaction);
  }

  private <T> CompletionStage<T> explained(Work<T> work) {
    return database
        .transaction(
            transaction ->
                transaction
                    .execute("SET TRANSACTION READ ONLY", Tuple.tuple())
                    .thenCompose(
                        _ ->
                            transaction.execute(
                                "SET LOCAL statement_timeout = " + config.timeout().toMillis(),
                                Tuple.tuple()))
                    .thenCompose(_ -> transaction.execute(NOTICE_WHO_IS_GONE, Tuple.tuple()))
                    .thenCompose(
                        _ ->
                            transaction.execute(
                                "SET LOCAL search_path = pg_catalog, spendwatch", Tuple.tuple()))
                    .thenCompose(_ -> work.in(transaction))
                    .thenCompose(answer -> takenBack(transaction, answer)))
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(inWords(failure)));
  }

  /** What a function in the query has set of the session, its role for one, ends with it. */
  private static <T> CompletionStage<T> takenBack(Statements transaction, T answer) {
    return transaction.execute("ROLLBACK", Tuple.tuple()).thenApply(_ -> answer);
  }

  private CompletionStage<There> routed(
      Statements transaction, String sql, Optional<Duration> ageMax) {
    return transaction
        .execute("EXPLAIN (VERBOSE, FORMAT JSON) " + oneStatement(sql), Tuple.tuple())
        .thenApply(rows -> QueryPlan.parse(String.valueOf(rows.iterator().next().getValue(0))))
        .thenCompose(
            plan ->
                Reports.moment(transaction)
                    .thenApply(
                        moment -> {
                          Duration age = Duration.ofMillis(moment.ageMs());
                          return new There(
                              new Routed(
                                  plan,
                                  Route.decide(
                                      plan,
                                      moment.tables(),
                                      age,
                                      moment.beingBuilt().isEmpty(),
                                      ageMax,
                                      (double) config.costMax()),
                                  age),
                              moment);
                        }));
  }

  private CompletionStage<AnalysisAnswer> read(
      Statements transaction,
      String sql,
      String source,
      Instant asOf,
      long ageMs,
      long startedNanos) {
    String cursor = "asked_" + CURSORS.incrementAndGet();
    // Takes nothing but a query, whatever the planner was asked about.
    return transaction
        .execute("DECLARE " + cursor + " NO SCROLL CURSOR FOR " + oneStatement(sql), Tuple.tuple())
        .thenCompose(_ -> fetch(transaction, cursor, new Fetched()))
        .thenCompose(
            fetched ->
                Reports.rowsRead(transaction)
                    .thenApply(
                        rowsRead ->
                            new AnalysisAnswer(
                                null,
                                null,
                                null,
                                fetched.columns,
                                fetched.rows,
                                fetched.truncated,
                                source,
                                asOf,
                                ageMs,
                                Duration.ofNanos(System.nanoTime() - startedNanos).toMillis(),
                                rowsRead)));
  }

  /** For one stage after the other. */
  private static final class Fetched {
    private final List<List<Object>> rows = new ArrayList<>();
    private List<String> columns = List.of();
    private long bytes;
    private boolean truncated;
  }

  private CompletionStage<Fetched> fetch(Statements transaction, String cursor, Fetched fetched) {
    return transaction
        .execute("FETCH FORWARD " + FETCHED_AT_ONCE + " FROM " + cursor, Tuple.tuple())
        .thenCompose(
            page -> {
              take(page, fetched);
              return fetched.truncated || page.size() < FETCHED_AT_ONCE
                  ? CompletableFuture.completedFuture(fetched)
                  : fetch(transaction, cursor, fetched);
            });
  }

  private void take(RowSet<Row> page, Fetched fetched) {
    fetched.columns = page.columnsNames();
    for (List<Object> row : Cells.of(page)) {
      fetched.bytes += row.stream().mapToLong(cell -> String.valueOf(cell).length()).sum();
      if (fetched.rows.size() == config.rowsMax() || fetched.bytes > config.bytesMax()) {
        fetched.truncated = true;
        return;
      }
      fetched.rows.add(row);
    }
  }

  /** Without what ends it; that there are several, the protocol refuses. */
  private static String oneStatement(String sql) {
    return sql.strip().replaceFirst(";\\s*$", "");
  }

  private static Throwable inWords(Throwable failure) {
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
    return cause instanceof OperatorException
        ? cause
        : new OperatorException(PgFailure.describe(cause), cause);
  }
}
