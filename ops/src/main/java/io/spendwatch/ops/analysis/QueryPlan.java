package io.spendwatch.ops.analysis;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the planner says of a query.
 *
 * @param relations that it reads, with their schema; partitions of a table as the table
 * @param writes whether it changes rows, or locks them
 * @param cost estimated, in the planner's units
 * @param rows estimated, of the answer
 */
public record QueryPlan(Set<String> relations, boolean writes, double cost, long rows) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PARTITION = "spendwatch\\.transactions_[0-9]{6,8}";

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
      boolean writes = collect(plan, relations);
      return new QueryPlan(
          relations, writes, plan.path("Total Cost").asDouble(), plan.path("Plan Rows").asLong());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no plan: " + explained, e);
    }
  }

  /** Whether any part of it writes. */
  private static boolean collect(JsonNode node, Set<String> relations) {
    String type = node.path("Node Type").asText();
    boolean writes = type.equals("ModifyTable") || type.equals("LockRows");
    if (node.has("Relation Name")) {
      String name = node.path("Schema").asText() + "." + node.path("Relation Name").asText();
      relations.add(name.matches(PARTITION) ? "spendwatch.transactions" : name);
    }
    for (JsonNode child : node.path("Plans")) {
      writes |= collect(child, relations);
    }
    return writes;
  }
}
