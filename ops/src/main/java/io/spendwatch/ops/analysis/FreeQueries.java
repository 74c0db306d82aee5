package io.spendwatch.ops.analysis;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.Replica.Standing;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.reading.BoundedReads;
import io.spendwatch.ops.analysis.reading.LeftMeanwhileException;
import io.spendwatch.ops.analysis.reading.QueryCursor;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.Statements;
import io.vertx.pgclient.PgException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Answers queries that somebody has written: one statement that reads, in a transaction that cannot
 * write, through a cursor, within bounds of time, rows and bytes. Whoever may ask has the
 * database's credentials anyway. For any thread; blocks nobody.
 */
public final class FreeQueries {
  /** Transactions of days before the newest one less this are history: hardly any come any more. */
  private static final int DAYS_OF_NOW = 2;

  /** Days leave one after the other, at most some a minute. */
  private static final int ATTEMPTS = 5;

  private final Database database;
  private final Optional<Replica> replica;
  private final AnalysisConfig config;
  private final BoundedReads reads;
  private final PastDays pastDays;

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

    /** Without what ends it; that there are several, the protocol refuses. */
    String statement() {
      return sql.strip().replaceFirst(";\\s*$", "");
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
    this.config = config;
    this.reads = new BoundedReads(config.timeout());
    this.pastDays = new PastDays(database, reads, archive);
  }

  /** Where it would be answered. */
  public CompletionStage<Routed> route(Question question) {
    return standing(question)
        .thenCombine(pastDays.of(question), Known::new)
        .thenCompose(
            known ->
                reads.in(
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
        .thenCombine(pastDays.of(question), Known::new)
        .thenCompose(
            known ->
                answer(question, known, startedNanos, unwanted)
                    .thenCompose(
                        there -> elsewhere(there, question, known, startedNanos, unwanted)))
        .exceptionallyCompose(
            failure -> {
              if (!(Retry.cause(failure) instanceof LeftMeanwhileException left)) {
                return CompletableFuture.failedFuture(BoundedReads.inWords(failure));
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
      case Route.ByArchive by -> pastDays.answer(question, known.past(), by.reason(), unwanted);
      case Route.ByRollup _, Route.ByPrimary _, Route.Refused _ ->
          CompletableFuture.completedFuture(there.answer().orElseThrow());
    };
  }

  /** What a route is decided by, beside the plan. */
  private record Known(Optional<Standing> standing, PastDays.Past past) {}

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
    return reads.in(
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
    return reads
        .in(
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

  private CompletionStage<There> routed(Statements transaction, Question question, Known known) {
    return QueryPlan.of(transaction, question.statement())
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
    return QueryCursor.open(transaction, question.statement())
        .thenCompose(
            cursor ->
                DaysLeft.of(transaction)
                    .thenCompose(
                        here -> {
                          // The cursor has its moment, and what it reads cannot go any more: what
                          // had not left by now is in it.
                          if (here.concerns() && here.isBeyond(known)) {
                            throw new LeftMeanwhileException();
                          }
                          return cursor.rows(
                              new QueryCursor.Bounds(config.rowsMax(), config.bytesMax()));
                        }))
        .thenCompose(
            fetched ->
                Reports.rowsRead(transaction)
                    .thenApply(
                        rowsRead ->
                            new AnalysisAnswer(
                                null,
                                null,
                                null,
                                fetched.columns(),
                                fetched.rows(),
                                fetched.truncated(),
                                where.source(),
                                where.because(),
                                where.asOf(),
                                ageMs,
                                Duration.ofNanos(System.nanoTime() - startedNanos).toMillis(),
                                rowsRead)));
  }
}
