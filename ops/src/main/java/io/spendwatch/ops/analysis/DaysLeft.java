package io.spendwatch.ops.analysis;

import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;

/**
 * Which days of the transactions are not whole in their table, and what a transaction of the
 * database has named of ours.
 *
 * @param named tables and views, without their schema
 * @param dropped days that are in the archive alone
 * @param leaving days of partitions that are out of sight, or will be in a moment, and not dropped
 */
record DaysLeft(Set<String> named, SortedSet<LocalDate> dropped, SortedSet<LocalDate> leaving) {
  private static final String NAMES_READ = SqlText.load(DaysLeft.class, "names_read");
  private static final String DAYS_LEFT = SqlText.load(DaysLeft.class, "days_left");
  private static final String TRANSACTIONS = "transactions";

  /** As the transaction sees it now. */
  static CompletionStage<DaysLeft> of(Statements transaction) {
    // One after the other: each statement locks what it reads itself.
    return transaction
        .execute(NAMES_READ, Tuple.tuple())
        .thenApply(rows -> Set.of(rows.iterator().next().getArrayOfStrings("named")))
        .thenCompose(
            named ->
                transaction
                    .execute(DAYS_LEFT, Tuple.tuple())
                    .thenApply(rows -> DaysLeft.of(named, rows.iterator().next())));
  }

  private static DaysLeft of(Set<String> named, Row row) {
    NavigableSet<LocalDate> leaving = new TreeSet<>();
    for (String partition : row.getArrayOfStrings("leaving")) {
      QueryPlan.days(partition).forEach(leaving::add);
    }
    return new DaysLeft(
        named, new TreeSet<>(Arrays.asList(row.getArrayOfLocalDates("dropped"))), leaving);
  }

  /** All of them. */
  SortedSet<LocalDate> days() {
    SortedSet<LocalDate> days = new TreeSet<>(dropped);
    days.addAll(leaving);
    return days;
  }

  /** Whether the table's rows may not be all that a query asks for. */
  boolean concerns() {
    return named.contains(TRANSACTIONS) && !(dropped.isEmpty() && leaving.isEmpty());
  }

  /** Whether days have left that had not then. */
  boolean isBeyond(DaysLeft then) {
    return !then.days().containsAll(days());
  }
}
