package io.spendwatch.ops.analysis;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * Where a query is answered, decided by what it reads, what the planner expects it to cost, and how
 * old the answer may be; never by the words in its text.
 *
 * <pre>
 *   writes, or locks rows                              refused
 *   reads roll-ups alone
 *     one of them is being built                       refused
 *     what they lack is older than the bound           refused: the tables have it
 *     else                                             roll-up
 *   reads anything else
 *     costs more than may be                           refused: what would answer it
 *     else                                             primary, the analytical connections
 * </pre>
 */
public sealed interface Route {
  /** Why. */
  String reason();

  /** Roll-ups have it. */
  record ByRollup(String reason) implements Route {}

  /** The tables of the primary have it. */
  record ByPrimary(String reason) implements Route {}

  /**
   * Nobody answers it.
   *
   * @param instead what would
   */
  record Refused(String reason, String instead) implements Route {}

  /**
   * Decides.
   *
   * @param rollups tables that are roll-ups, with their schema
   * @param age of what the roll-ups lack
   * @param isBuilt whether all of them are
   * @param ageMax how old the answer may be; empty for any age
   * @param costMax what it may cost on the primary
   */
  static Route decide(
      QueryPlan plan,
      Set<String> rollups,
      Duration age,
      boolean isBuilt,
      Optional<Duration> ageMax,
      double costMax) {
    if (plan.writes()) {
      return new Refused("it writes, or locks rows", "a query that only reads");
    }
    if (!plan.relations().isEmpty() && rollups.containsAll(plan.relations())) {
      if (!isBuilt) {
        return new Refused(
            "a roll-up is being built from all rows", "the same question when a node has done it");
      }
      if (ageMax.isPresent() && age.compareTo(ageMax.get()) > 0) {
        return new Refused(
            String.format(
                Locale.ROOT,
                "the roll-ups lack what was written in the last %d ms, and the bound is %d ms",
                age.toMillis(),
                ageMax.get().toMillis()),
            "a later bound, or a query of spendwatch.transactions itself");
      }
      return new ByRollup(
          String.format(
              Locale.ROOT,
              "it reads nothing but %s, which is %d ms old",
              String.join(", ", plan.relations()),
              age.toMillis()));
    }
    if (plan.cost() > costMax) {
      return new Refused(
          String.format(
              Locale.ROOT,
              "the planner expects a cost of %.0f, and more than %.0f (spendwatch.analysis.cost-max) takes the"
                  + " server from what ingests",
              plan.cost(),
              costMax),
          plan.relations().contains("spendwatch.transactions")
              ? "spendwatch.hourly_spend (by hour, merchant and currency) or spendwatch.daily_users (by day and"
                  + " user); or a shorter range of event_time, or one user_id"
              : "a query of fewer rows");
    }
    return new ByPrimary(
        String.format(
            Locale.ROOT,
            "it reads %s, at an expected cost of %.0f",
            plan.relations().isEmpty() ? "no table" : String.join(", ", plan.relations()),
            plan.cost()));
  }
}
