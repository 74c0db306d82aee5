package io.spendwatch.ops.analysis;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.Replica.Standing;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.answer.Cells;
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
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

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

  /** Transactions of days before the newest one less this are history: hardly any come any more. */
  private static final int DAYS_OF_NOW = 2;

  /** Days leave one after the other, at most some a minute. */
  private static final int ATTEMPTS = 5;

  private final Database database;
  private final Optional<Replica> replica;
  private final ArchiveAccess archive;
  private final AnalysisConfig config;

  /** A day has left while the tables were read: begin again. */
  private static final class LeftMeanwhileException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    LeftMeanwhileException() {
      super("days have left the table while it was read", null, false, false);
    }
  }

  /**
   * A query.
   *
   * @param ageMax how old the answer may be; empty for any age
   * @param atLeast a place in the primary's log: what was committed before it is in the answer;
   *     empty for none
   */
  public record Question(String sql, Optional<Duration> ageMax, OptionalLong atLeast) {
    /** One that says nothing of when. */
    public static Question of(String sql) {
      return new Question(sql, Optional.empty(), OptionalLong.empty());
    }
  }

  /**
   * A query with its route.
   *
   * @param plan what the planner says of it
   * @param age of what the roll-ups lack
   */
  public record Routed(QueryPlan plan, Route route, Duration age) {}

  /**
   * @param database the analytical pool
   * @param replica of the same server; empty for none
   * @param archive what its reader does is done on threads of its own
   */
  public FreeQueries(
      Database database, Optional<Replica> replica, ArchiveAccess archive, AnalysisConfig config) {
    this.database = database;
    this.replica = replica;
    this.archive = archive;
    this.config = config;
  }

  /** Where it would be answered. */
  public CompletionStage<Routed> route(Question question) {
    return standing(question)
        .thenCombine(past(question), Known::new)
        .thenCompose(
            known ->
                explained(
                    database,
                    transaction ->
                        routed(transaction, question, known).thenApply(there -> there.routed()),
                    new CompletableFuture<>()));
  }

  /**
   * Answers it. Fails with {@link OperatorException} where it is refused, saying why and what would
   * answer it. Where the replica fails while it answers, the primary does, if it may be asked.
   * Where days leave the tables while these are read, it is routed anew.
   *
   * @param unwanted completes when nobody wants the answer any more: the server ends it then
   */
  public CompletionStage<AnalysisAnswer> answer(Question question, CompletionStage<?> unwanted) {
    return answer(question, System.nanoTime(), unwanted, 1);
  }

  private CompletionStage<AnalysisAnswer> answer(
      Question question, long startedNanos, CompletionStage<?> unwanted, int attempt) {
    return standing(question)
        .thenCombine(past(question), Known::new)
        .thenCompose(
            known ->
                answer(question, known, startedNanos, unwanted)
                    .thenCompose(
                        there -> elsewhere(there, question, known, startedNanos, unwanted)))
        .exceptionallyCompose(
            failure -> {
              if (!(Retry.cause(failure) instanceof LeftMeanwhileException left)) {
                return CompletableFuture.failedFuture(inWords(failure));
              }
              return attempt < ATTEMPTS
                  ? answer(question, startedNanos, unwanted, attempt + 1)
                  : CompletableFuture.failedFuture(
                      new OperatorException(left.getMessage() + ", each time: ask again", left));
            });
  }

  /** What the primary has not answered itself. */
  private CompletionStage<AnalysisAnswer> elsewhere(
      There there, Question question, Known known, long startedNanos, CompletionStage<?> unwanted) {
    return switch (there.routed().route()) {
      case Route.ByReplica by -> fromReplica(question, by, known, startedNanos, unwanted);
      case Route.ByArchive by -> fromArchive(question, by, known, unwanted);
      case Route.ByRollup _, Route.ByPrimary _, Route.Refused _ ->
          CompletableFuture.completedFuture(there.answer().orElseThrow());
    };
  }

  private CompletionStage<AnalysisAnswer> fromArchive(
      Question question, Route.ByArchive by, Known known, CompletionStage<?> unwanted) {
    return apart(
        () ->
            archive
                .with(
                    reader ->
                        reader.answer(
                            oneStatement(question.sql()),
                            known.past().here().named(),
                            by.reason(),
                            unwanted))
                .withColumns(known.past().columns()));
  }

  /** What a route is decided by, beside the plan. */
  private record Known(Optional<Standing> standing, Past past) {}

  /**
   * What has left the table.
   *
   * @param here as the primary has it
   * @param needed of it by the query; empty where that needs nothing of it
   * @param columns as the primary would call those of the answer; empty where nothing is needed
   */
  private record Past(DaysLeft here, Optional<Route.Left> needed, List<String> columns) {}

  /** What the query names, and what of it is not in the tables. */
  private CompletionStage<Past> past(Question question) {
    return explained(
            database,
            transaction ->
                plan(transaction, question)
                    .thenCompose(
                        plan ->
                            DaysLeft.of(transaction)
                                .thenCompose(here -> planned(transaction, question, plan, here))),
            new CompletableFuture<>())
        .thenCompose(
            planned ->
                planned.columns().isEmpty()
                    ? CompletableFuture.completedFuture(
                        new Past(planned.here(), Optional.empty(), List.of()))
                    : apart(
                        () ->
                            new Past(
                                planned.here(), needed(question, planned), planned.columns())));
  }

  /**
   * @param columns empty where nothing of it may have left
   */
  private record Planned(QueryPlan plan, DaysLeft here, List<String> columns) {}

  private static CompletionStage<Planned> planned(
      Statements transaction, Question question, QueryPlan plan, DaysLeft here) {
    if (!here.concerns() || plan.writes()) {
      return CompletableFuture.completedFuture(new Planned(plan, here, List.of()));
    }
    String cursor = newCursor();
    return transaction
        .execute(declared(cursor, question), Tuple.tuple())
        // Of no row: nothing is read for it.
        .thenCompose(_ -> transaction.execute("FETCH FORWARD 0 FROM " + cursor, Tuple.tuple()))
        .thenApply(none -> new Planned(plan, here, none.columnsNames()));
  }

  /** Blocks for the archive's engine. */
  private Optional<Route.Left> needed(Question question, Planned planned) {
    DaysLeft here = planned.here();
    try {
      SortedSet<LocalDate> needed =
          archive.with(
              reader -> reader.needed(oneStatement(question.sql()), here.named(), here.days()));
      return needed.isEmpty()
          ? Optional.empty()
          : Optional.of(new Route.Left(needed, Optional.empty()));
    } catch (OperatorException e) {
      return mayReach(planned.plan(), here.days().getLast())
          ? Optional.of(new Route.Left(here.days(), Optional.of(e.getMessage())))
          : Optional.empty();
    }
  }

  /**
   * By the partitions that the planner has chosen, which say nothing of days without one: whether
   * there are none, or the first one is next to what has left, or before.
   */
  private static boolean mayReach(QueryPlan plan, LocalDate lastLeft) {
    return plan.firstDay().map(first -> !first.isAfter(lastLeft.plusDays(1))).orElse(true);
  }

  private static <T> CompletionStage<T> apart(Supplier<T> work) {
    return CompletableFuture.supplyAsync(
        work, task -> Thread.ofPlatform().daemon().name("archive-reader").start(task));
  }

  /** How the replica stands, as far as the question waits for it. */
  private CompletionStage<Optional<Standing>> standing(Question question) {
    return replica
        .map(
            there ->
                (question.atLeast().isPresent()
                        ? there.lookAt(question.atLeast().getAsLong(), config.replicaWait())
                        : there.look())
                    .thenApply(Optional::of))
        .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()));
  }

  /** The answer, unless that is the replica's to give. */
  private CompletionStage<There> answer(
      Question question, Known known, long startedNanos, CompletionStage<?> unwanted) {
    return explained(
        database,
        transaction ->
            routed(transaction, question, known)
                .thenCompose(
                    there ->
                        switch (there.routed().route()) {
                          case Route.Refused refused ->
                              CompletableFuture.<There>failedFuture(
                                  refused(refused.reason(), refused.instead()));
                          case Route.ByRollup by ->
                              read(
                                      transaction,
                                      question,
                                      known.past().here(),
                                      new Where("rollup", by.reason(), there.moment().asOf()),
                                      there.moment().ageMs(),
                                      startedNanos)
                                  .thenApply(there::with);
                          case Route.ByPrimary by ->
                              read(
                                      transaction,
                                      question,
                                      known.past().here(),
                                      new Where("primary", by.reason(), there.moment().readAt()),
                                      0,
                                      startedNanos)
                                  .thenApply(there::with);
                          case Route.ByReplica _, Route.ByArchive _ ->
                              CompletableFuture.completedFuture(there);
                        }),
        unwanted);
  }

  private CompletionStage<AnalysisAnswer> fromReplica(
      Question question,
      Route.ByReplica by,
      Known known,
      long startedNanos,
      CompletionStage<?> unwanted) {
    return explained(
            replica.orElseThrow().database(),
            transaction ->
                read(
                    transaction,
                    question,
                    known.past().here(),
                    new Where("replica", by.reason(), by.standing().asOf()),
                    by.standing().lag().toMillis(),
                    startedNanos),
            unwanted)
        .exceptionallyCompose(
            failure ->
                !isOfTheReplica(failure)
                    ? CompletableFuture.failedFuture(failure)
                    : answer(
                            question,
                            new Known(
                                Optional.of(
                                    new Standing.Unusable(Retry.cause(failure).getMessage())),
                                known.past()),
                            startedNanos,
                            unwanted)
                        .thenApply(there -> there.answer().orElseThrow()));
  }

  /** Whether it says something of the server, and not of the query. */
  private static boolean isOfTheReplica(Throwable failure) {
    Throwable said = Retry.cause(failure);
    Throwable cause = said.getCause() == null ? said : said.getCause();
    if (cause instanceof PgException refused) {
      String state = refused.getSqlState();
      // It ends, it is not there, or its replay was held up and it has ended the query.
      return state.startsWith("08") || state.startsWith("57P") || state.equals("40001");
    }
    return !(cause instanceof CancellationException);
  }

  private static OperatorException refused(String reason, String instead) {
    return new OperatorException("refused: " + reason + " (what would answer: " + instead + ")");
  }

  /**
   * @param answer empty where it is the replica's
   */
  private record There(Routed routed, Reports.Moment moment, Optional<AnalysisAnswer> answer) {
    There with(AnalysisAnswer given) {
      return new There(routed, moment, Optional.of(given));
    }
  }

  /** Where, why there, and of which moment. */
  private record Where(String source, String because, Instant asOf) {}

  private interface Work<T> {
    CompletionStage<T> in(Statements transaction);
  }

  private <T> CompletionStage<T> explained(
      Database asked, Work<T> work, CompletionStage<?> unwanted) {
    // What a function in the query has set of the session, its role for one, ends with it.
    return asked
        .rolledBack(
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
                    .thenCompose(_ -> work.in(transaction)),
            unwanted)
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(inWords(failure)));
  }

  private static CompletionStage<QueryPlan> plan(Statements transaction, Question question) {
    return transaction
        .execute("EXPLAIN (VERBOSE, FORMAT JSON) " + oneStatement(question.sql()), Tuple.tuple())
        .thenApply(rows -> QueryPlan.parse(String.valueOf(rows.iterator().next().getValue(0))));
  }

  private CompletionStage<There> routed(Statements transaction, Question question, Known known) {
    return plan(transaction, question)
        .thenCompose(
            plan ->
                Reports.moment(transaction)
                    .thenApply(
                        moment -> {
                          Duration age = Duration.ofMillis(moment.ageMs());
                          Route route =
                              Route.decide(
                                  plan,
                                  known.past().needed(),
                                  new Route.Kept(
                                      moment.tables(), age, moment.beingBuilt().isEmpty()),
                                  question.ageMax(),
                                  isHistory(plan, moment),
                                  known.standing(),
                                  config.replicaLagMax(),
                                  config.cost());
                          return new There(new Routed(plan, route, age), moment, Optional.empty());
                        }));
  }

  private static boolean isHistory(QueryPlan plan, Reports.Moment moment) {
    LocalDate now = moment.newest().atOffset(ZoneOffset.UTC).toLocalDate();
    return plan.lastDay().map(day -> day.isBefore(now.minusDays(DAYS_OF_NOW))).orElse(false);
  }

  private CompletionStage<AnalysisAnswer> read(
      Statements transaction,
      Question question,
      DaysLeft known,
      Where where,
      long ageMs,
      long startedNanos) {
    String cursor = newCursor();
    return transaction
        .execute(declared(cursor, question), Tuple.tuple())
        .thenCompose(_ -> DaysLeft.of(transaction))
        .thenCompose(
            here -> {
              // The cursor has its moment, and what it reads cannot go any more: what had not left
              // by
              // now is in it.
              if (here.concerns() && here.isBeyond(known)) {
                throw new LeftMeanwhileException();
              }
              return fetch(transaction, cursor, new Fetched());
            })
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
                                where.source(),
                                where.because(),
                                where.asOf(),
                                ageMs,
                                Duration.ofNanos(System.nanoTime() - startedNanos).toMillis(),
                                rowsRead)));
  }

  private static String newCursor() {
    return "asked_" + CURSORS.incrementAndGet();
  }

  /** Takes nothing but a query, whatever the planner was asked about. */
  private static String declared(String cursor, Question question) {
    return "DECLARE " + cursor + " NO SCROLL CURSOR FOR " + oneStatement(question.sql());
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
    return cause instanceof OperatorException || cause instanceof LeftMeanwhileException
        ? cause
        : new OperatorException(PgFailure.describe(cause), cause);
  }
}
