package io.spendwatch.ops.analysis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.spendwatch.streams.database.Statements;
import io.vertx.sqlclient.Tuple;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the planner says of a query.
 *
 * @param relations that it reads, with their schema; partitions of a table as the table
 * @param writes whether it changes rows, or locks them
 * @param cost estimated, in the planner's units
 * @param rows estimated, of the answer
 * @param firstDay of the transactions that it reads, by the table's partitions; empty where it
 *     reads none
 * @param lastDay likewise
 */
public record QueryPlan(
    Set<String> relations,
    boolean writes,
    double cost,
    long rows,
    Optional<LocalDate> firstDay,
    Optional<LocalDate> lastDay) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern PARTITION =
      Pattern.compile("spendwatch\\.transactions_([0-9]{4})([0-9]{2})([0-9]{2})?");

  /**
   * Asks the planner.
   *
   * @param statement one, without what ends it
   */
  static CompletionStage<QueryPlan> of(Statements transaction, String statement) {
    return transaction
        .execute("EXPLAIN (VERBOSE, FORMAT JSON) " + statement, Tuple.tuple())
        .thenApply(rows -> parse(String.valueOf(rows.iterator().next().getValue(0))));
  }

  /**
   * Reads what {@code EXPLAIN (VERBOSE, FORMAT JSON)} answers.
   *
   * @throws IllegalArgumentException if it is something else
   */
  static QueryPlan parse(String explained) {
    try {
      JsonNode plan = JSON.readTree(explained).path(0).path("Plan");
      if (plan.isMissingNode()) {
        throw new IllegalArgumentException("no plan: " + explained);
      }
      Set<String> relations = new TreeSet<>();
      Set<LocalDate> days = new TreeSet<>();
      boolean writes = collect(plan, relations, days);
      return new QueryPlan(
          relations,
          writes,
          plan.path("Total Cost").asDouble(),
          plan.path("Plan Rows").asLong(),
          days.stream().min(Comparator.naturalOrder()),
          days.stream().max(Comparator.naturalOrder()));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no plan: " + explained, e);
    }
  }

  /** Whether any part of it writes. */
  private static boolean collect(JsonNode node, Set<String> relations, Set<LocalDate> days) {
    String type = node.path("Node Type").asText();
    boolean writes = type.equals("ModifyTable") || type.equals("LockRows");
    if (node.has("Relation Name")) {
      String name = node.path("Schema").asText() + "." + node.path("Relation Name").asText();
      Matcher partition = PARTITION.matcher(name);
      if (partition.matches()) {
        relations.add("spendwatch.transactions");
        days.add(firstDay(partition));
        days.add(lastDay(partition));
      } else {
        relations.add(name);
      }
    }
    for (JsonNode child : node.path("Plans")) {
      writes |= collect(child, relations, days);
    }
    return writes;
  }

  /**
   * The days of a partition of the transactions.
   *
   * @param partition its name, without the schema
   */
  public static Stream<LocalDate> days(String partition) {
    Matcher matcher = PARTITION.matcher("spendwatch." + partition);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("no partition: " + partition);
    }
    return firstDay(matcher).datesUntil(lastDay(matcher).plusDays(1));
  }

  private static LocalDate firstDay(Matcher partition) {
    return LocalDate.of(
        Integer.parseInt(partition.group(1)),
        Integer.parseInt(partition.group(2)),
        partition.group(3) == null ? 1 : Integer.parseInt(partition.group(3)));
  }

  private static LocalDate lastDay(Matcher partition) {
    LocalDate first = firstDay(partition);
    return partition.group(3) == null ? first.plusMonths(1).minusDays(1) : first;
  }
}
