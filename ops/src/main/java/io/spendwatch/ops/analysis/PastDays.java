package io.spendwatch.ops.analysis;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.analysis.FreeQueries.Question;
import io.spendwatch.ops.analysis.answer.AnalysisAnswer;
import io.spendwatch.ops.analysis.reading.BoundedReads;
import io.spendwatch.ops.analysis.reading.QueryCursor;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.Statements;
import java.time.LocalDate;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * Days of the transactions that have left their table, as far as a query is about them: which it
 * needs, and its answer where the archive gives that. What the archive's reader does is done on
 * threads of its own. For any thread; blocks nobody.
 */
final class PastDays {
  private final Database database;
  private final BoundedReads reads;
  private final ArchiveAccess archive;

  PastDays(Database database, BoundedReads reads, ArchiveAccess archive) {
    this.database = database;
    this.reads = reads;
    this.archive = archive;
  }

  /**
   * What has left the table.
   *
   * @param here as the primary has it
   * @param needed of it by the query; empty where that needs nothing of it
   * @param columns as the primary would call those of the answer; empty where nothing is needed
   */
  record Past(DaysLeft here, Optional<Route.Left> needed, List<String> columns) {}

  /**
   * @param columns empty where nothing of it may have left
   */
  private record Planned(QueryPlan plan, DaysLeft here, List<String> columns) {}

  /** What the query names, and what of it is not in the tables. */
  CompletionStage<Past> of(Question question) {
    return reads
        .in(
            database,
            transaction ->
                QueryPlan.of(transaction, question.statement())
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

  private static CompletionStage<Planned> planned(
      Statements transaction, Question question, QueryPlan plan, DaysLeft here) {
    if (!here.concerns() || plan.writes()) {
      return CompletableFuture.completedFuture(new Planned(plan, here, List.of()));
    }
    return QueryCursor.open(transaction, question.statement())
        .thenCompose(QueryCursor::columns)
        .thenApply(columns -> new Planned(plan, here, columns));
  }

  /** Blocks for the archive's engine. */
  private Optional<Route.Left> needed(Question question, Planned planned) {
    DaysLeft here = planned.here();
    try {
      SortedSet<LocalDate> needed =
          archive.with(reader -> reader.needed(question.statement(), here.named(), here.days()));
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
  static boolean mayReach(QueryPlan plan, LocalDate lastLeft) {
    return plan.firstDay().map(first -> !first.isAfter(lastLeft.plusDays(1))).orElse(true);
  }

  /**
   * The answer by the archive.
   *
   * @param reason why it is asked
   */
  CompletionStage<AnalysisAnswer> answer(
      Question question, Past past, String reason, CompletionStage<?> unwanted) {
    return apart(
        () ->
            archive
                .with(
                    reader ->
                        reader.answer(question.statement(), past.here().named(), reason, unwanted))
                .withColumns(past.columns()));
  }

  private static <T> CompletionStage<T> apart(Supplier<T> work) {
    return CompletableFuture.supplyAsync(
        work, task -> Thread.ofPlatform().daemon().name("archive-reader").start(task));
  }
}
