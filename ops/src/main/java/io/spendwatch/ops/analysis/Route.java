package io.spendwatch.ops.analysis;

import io.spendwatch.ops.analysis.AnalysisConfig.Costs;
import io.spendwatch.ops.analysis.Replica.Standing;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;

/**
 * Where a query is answered, decided by what it reads, what the planner expects it to cost, how old
 * the answer may be, and how the replica stands; never by the words in its text.
 *
 * <pre>
 *   writes, or locks rows                              refused
 *   reads transactions of days that have left
 *     the archive can be read here                     archive, united with the tables
 *     else                                             refused: what would answer it
 *   reads roll-ups alone
 *     one of them is being built                       refused
 *     what they lack is older than the bound           refused: the tables have it
 *     else                                             roll-up
 *   reads anything else
 *     is neither dear nor of history                   primary, the analytical connections
 *     the replica is as far as it has to be            replica
 *     there is none, or it is not
 *       the primary may be asked that much             primary, saying why
 *       else                                           refused: what would answer it
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
   * The replica has it.
   *
   * @param standing as it was decided on
   */
  record ByReplica(String reason, Standing.Follows standing) implements Route {}

  /** The archive has it, with what is in the tables. */
  record ByArchive(String reason) implements Route {}

  /**
   * Nobody answers it.
   *
   * @param instead what would
   */
  record Refused(String reason, String instead) implements Route {}

  /**
   * What the roll-ups are.
   *
   * @param tables with their schema
   * @param age of what they lack
   * @param isBuilt whether all of them are
   */
  record Kept(Set<String> tables, Duration age, boolean isBuilt) {}

  /**
   * Days that it reads transactions of, and that have left the table.
   *
   * @param passedOver why they are not read from the archive; empty where they can be
   */
  record Left(SortedSet<LocalDate> days, Optional<String> passedOver) {}

  /**
   * Decides.
   *
   * @param left empty where all that it reads is in the tables
   * @param ageMax how old the answer may be; empty for any age
   * @param isHistory whether it reads of the transactions only old days
   * @param replica how it stands; empty for none
   * @param lagMax how far behind it may be, where {@code ageMax} does not say
   */
  static Route decide(
      QueryPlan plan,
      Optional<Left> left,
      Kept rollups,
      Optional<Duration> ageMax,
      boolean isHistory,
      Optional<Standing> replica,
      Duration lagMax,
      Costs costs) {
    if (plan.writes()) {
      return new Refused("it writes, or locks rows", "a query that only reads");
    }
    if (left.isPresent()) {
      return ofTheArchive(left.get());
    }
    if (!plan.relations().isEmpty() && rollups.tables().containsAll(plan.relations())) {
      return ofRollups(plan, rollups, ageMax);
    }
    String what =
        String.format(
            Locale.ROOT,
            "it reads %s%s, at an expected cost of %.0f",
            plan.relations().isEmpty() ? "no table" : String.join(", ", plan.relations()),
            isHistory ? " of old days" : "",
            plan.cost());
    boolean isDear = plan.cost() > costs.dear();
    if (!isDear && !isHistory) {
      return new ByPrimary(what);
    }
    Optional<String> passedOver =
        replica.flatMap(standing -> passedOver(plan, standing, ageMax.orElse(lagMax), costs));
    if (replica.isPresent()
        && passedOver.isEmpty()
        && replica.get() instanceof Standing.Follows follows) {
      return new ByReplica(what + "; the replica is " + Replica.shown(follows), follows);
    }
    String andReplica = passedOver.map(why -> "; not from the replica: " + why).orElse("");
    if (plan.cost() <= costs.primaryMax()) {
      return new ByPrimary(what + andReplica);
    }
    return new Refused(
        String.format(
            Locale.ROOT,
            "the planner expects a cost of %.0f, and more than %d (spendwatch.analysis.cost-max) takes the"
                + " server from what ingests%s",
            plan.cost(),
            costs.primaryMax(),
            andReplica),
        instead(plan, replica.isPresent()));
  }

  private static Route ofTheArchive(Left left) {
    SortedSet<LocalDate> days = left.days();
    String what =
        String.format(
            Locale.ROOT,
            "it reads transactions of %s%s, which have left the table",
            days.getFirst(),
            days.size() == 1
                ? ""
                : " to "
                    + days.getLast()
                    + String.format(Locale.ROOT, " (%,d of these days)", days.size()));
    return left.passedOver().isEmpty()
        ? new ByArchive(what + " for the archive")
        : new Refused(
            what + "; not from the archive: " + left.passedOver().get(),
            String.format(
                Locale.ROOT,
                "event_time from %s on; or spendwatch.hourly_spend (by hour, merchant and currency) or"
                    + " spendwatch.daily_users (by day and user), which keep all days; or `spendwatch"
                    + " archive restore` of the days",
                days.getLast().plusDays(1)));
  }

  private static Route ofRollups(QueryPlan plan, Kept rollups, Optional<Duration> ageMax) {
    if (!rollups.isBuilt()) {
      return new Refused(
          "a roll-up is being built from all rows", "the same question when a node has done it");
    }
    if (ageMax.isPresent() && rollups.age().compareTo(ageMax.get()) > 0) {
      return new Refused(
          String.format(
              Locale.ROOT,
              "the roll-ups lack what was written in the last %d ms, and the bound is %d ms",
              rollups.age().toMillis(),
              ageMax.get().toMillis()),
          "a later bound, or a query of spendwatch.transactions itself");
    }
    return new ByRollup(
        String.format(
            Locale.ROOT,
            "it reads nothing but %s, which is %d ms old",
            String.join(", ", plan.relations()),
            rollups.age().toMillis()));
  }

  /** Why the replica is not asked; empty where it is. */
  private static Optional<String> passedOver(
      QueryPlan plan, Standing standing, Duration bound, Costs costs) {
    return switch (standing) {
      case Standing.Unusable unusable -> Optional.of(unusable.reason());
      case Standing.Follows follows when follows.lag().compareTo(bound) > 0 ->
          Optional.of(
              String.format(
                  Locale.ROOT,
                  "it is %s, and the bound is %d ms",
                  Replica.shown(follows),
                  bound.toMillis()));
      case Standing.Follows _ when plan.cost() > costs.replicaMax() ->
          Optional.of(
              String.format(
                  Locale.ROOT,
                  "more than %d (spendwatch.analysis.replica-cost-max) would hold up its replay",
                  costs.replicaMax()));
      case Standing.Follows _ -> Optional.empty();
    };
  }

  private static String instead(QueryPlan plan, boolean hasReplica) {
    String smaller =
        plan.relations().contains("spendwatch.transactions")
            ? "spendwatch.hourly_spend (by hour, merchant and currency) or spendwatch.daily_users (by day and"
                + " user); or a shorter range of event_time, or one user_id"
            : "a query of fewer rows";
    return hasReplica ? smaller : smaller + "; or a replica (SPENDWATCH_PG_REPLICA_URI)";
  }
}
