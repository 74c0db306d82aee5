package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.ops.analysis.AnalysisConfig.Costs;
import io.spendwatch.ops.analysis.Replica.Standing;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a query goes: a table of cases. */
class RouteTest {
  private static final Set<String> ROLLUPS =
      Set.of("spendwatch.hourly_spend", "spendwatch.daily_users", "spendwatch.user_risk");

  private static final Costs COSTS = new Costs(25_000, 500_000, 20_000_000);
  private static final Duration LAG_MAX = Duration.ofSeconds(30);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # reads                                             | writes | cost     | age ms | built | at most | old   | replica lag ms | goes to
          spendwatch.hourly_spend                             | false  | 10       | 0      | true  | -       | false | -        | ByRollup
          spendwatch.hourly_spend                             | false  | 9000000  | 0      | true  | -       | false | -        | ByRollup
          spendwatch.hourly_spend                             | false  | 9000000  | 0      | true  | -       | false | 0        | ByRollup
          spendwatch.hourly_spend spendwatch.daily_users      | false  | 10       | 4000   | true  | 5000    | false | -        | ByRollup
          spendwatch.hourly_spend                             | false  | 10       | 5000   | true  | 5000    | false | -        | ByRollup
          spendwatch.hourly_spend                             | false  | 10       | 5001   | true  | 5000    | false | -        | Refused
          spendwatch.hourly_spend                             | false  | 10       | 5001   | true  | 5000    | false | 0        | Refused
          spendwatch.hourly_spend                             | false  | 10       | 99000  | true  | -       | false | -        | ByRollup
          spendwatch.hourly_spend                             | false  | 10       | 0      | true  | 0       | false | -        | ByRollup
          spendwatch.user_risk                                | false  | 10       | 0      | false | -       | false | 0        | Refused
          spendwatch.user_risk                                | true   | 10       | 0      | true  | -       | false | 0        | Refused
          spendwatch.transactions                             | true   | 10       | 0      | true  | -       | false | 0        | Refused
          spendwatch.transactions                             | true   | 900000   | 0      | true  | -       | true  | 0        | Refused
          # cheap: the primary, whatever else there is
          spendwatch.transactions                             | false  | 10       | 99000  | true  | 0       | false | -        | ByPrimary
          spendwatch.transactions                             | false  | 25000    | 0      | true  | -       | false | 0        | ByPrimary
          spendwatch.transactions spendwatch.hourly_spend     | false  | 10       | 99000  | false | 0       | false | 0        | ByPrimary
          -                                                   | false  | 0        | 99000  | false | 0       | false | 0        | ByPrimary
          # dear, without a replica
          spendwatch.transactions                             | false  | 25001    | 0      | true  | -       | false | -        | ByPrimary
          spendwatch.transactions                             | false  | 500000   | 0      | true  | -       | false | -        | ByPrimary
          spendwatch.transactions                             | false  | 500001   | 0      | true  | -       | false | -        | Refused
          spendwatch.accounts                                 | false  | 600000   | 0      | true  | -       | false | -        | Refused
          # dear, with one
          spendwatch.transactions                             | false  | 25001    | 0      | true  | -       | false | 0        | ByReplica
          spendwatch.transactions                             | false  | 500001   | 0      | true  | -       | false | 30000    | ByReplica
          spendwatch.transactions                             | false  | 20000000 | 0      | true  | -       | false | 0        | ByReplica
          spendwatch.transactions                             | false  | 20000001 | 0      | true  | -       | false | 0        | Refused
          spendwatch.transactions                             | false  | 25001    | 0      | true  | -       | false | 30001    | ByPrimary
          spendwatch.transactions                             | false  | 500001   | 0      | true  | -       | false | 30001    | Refused
          spendwatch.transactions                             | false  | 500001   | 0      | true  | 40000   | false | 30001    | ByReplica
          spendwatch.transactions                             | false  | 25001    | 0      | true  | 100     | false | 100      | ByReplica
          spendwatch.transactions                             | false  | 25001    | 0      | true  | 100     | false | 101      | ByPrimary
          # it has to be current: the replica only while it lacks nothing
          spendwatch.transactions                             | false  | 25001    | 0      | true  | 0       | false | 0        | ByReplica
          spendwatch.transactions                             | false  | 25001    | 0      | true  | 0       | false | 1        | ByPrimary
          spendwatch.transactions                             | false  | 500001   | 0      | true  | 0       | false | 1        | Refused
          # of old days
          spendwatch.transactions                             | false  | 10       | 0      | true  | -       | true  | 0        | ByReplica
          spendwatch.transactions                             | false  | 10       | 0      | true  | -       | true  | -        | ByPrimary
          spendwatch.transactions                             | false  | 10       | 0      | true  | -       | true  | 30001    | ByPrimary
          # killed, promoted, of another server
          spendwatch.transactions                             | false  | 25001    | 0      | true  | -       | false | unusable | ByPrimary
          spendwatch.transactions                             | false  | 500001   | 0      | true  | -       | false | unusable | Refused
          spendwatch.transactions                             | false  | 10       | 0      | true  | -       | true  | unusable | ByPrimary
          spendwatch.transactions                             | false  | 10       | 0      | true  | -       | false | unusable | ByPrimary
          """)
  void goesWhereItsPlanItsBoundAndTheReplicaSay(
      String relations,
      boolean writes,
      double cost,
      long ageMs,
      boolean built,
      Long ageMaxMs,
      boolean old,
      String replica,
      String goesTo) {
    Set<String> read =
        relations == null ? Set.of() : new TreeSet<>(Arrays.asList(relations.split("\\s+", -1)));
    Route route =
        Route.decide(
            new QueryPlan(read, writes, cost, 1, Optional.empty(), Optional.empty()),
            Optional.empty(),
            new Route.Kept(ROLLUPS, Duration.ofMillis(ageMs), built),
            Optional.ofNullable(ageMaxMs).map(Duration::ofMillis),
            old,
            Optional.ofNullable(replica).map(RouteTest::standing),
            LAG_MAX,
            COSTS);
    assertThat(route.getClass().getSimpleName()).isEqualTo(goesTo);
    assertThat(route.reason()).isNotBlank();
    if (route instanceof Route.Refused refused) {
      assertThat(refused.instead()).isNotBlank();
    }
    boolean wouldHaveBeenItsTurn = (cost > COSTS.dear() || old) && !writes;
    if (wouldHaveBeenItsTurn
        && replica != null
        && read.contains("spendwatch.transactions")
        && !(route instanceof Route.ByReplica)) {
      assertThat(route.reason()).contains("replica");
    }
  }

  private static Standing standing(String replica) {
    return replica.equals("unusable")
        ? new Standing.Unusable("it is no replica (any more)")
        : new Standing.Follows(
            Instant.EPOCH, Duration.ofMillis(Long.parseLong(replica)), 1, 1, false);
  }

  @Test
  void whatIsTooDearNamesTheRollupsThatHaveItAndWhereItCouldBe() {
    Route route =
        Route.decide(
            new QueryPlan(
                Set.of("spendwatch.transactions"),
                false,
                1e6,
                1,
                Optional.empty(),
                Optional.empty()),
            Optional.empty(),
            new Route.Kept(ROLLUPS, Duration.ZERO, true),
            Optional.empty(),
            false,
            Optional.empty(),
            LAG_MAX,
            COSTS);
    assertThat(((Route.Refused) route).instead())
        .contains("hourly_spend", "daily_users", "SPENDWATCH_PG_REPLICA_URI");
  }

  /** Whatever it costs, and however the replica stands: nobody else has these days. */
  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      value = {
        "10, false, -, ByArchive",
        "9000000, false, -, ByArchive",
        "10, false, gone, Refused",
        "10, true, -, Refused"
      })
  void daysThatHaveLeftAreTheArchives(double cost, boolean writes, String why, String goesTo) {
    SortedSet<LocalDate> days =
        new TreeSet<>(List.of(LocalDate.of(2026, 3, 9), LocalDate.of(2026, 3, 10)));
    Route route =
        Route.decide(
            new QueryPlan(Set.of(), writes, cost, 1, Optional.empty(), Optional.empty()),
            Optional.of(new Route.Left(days, Optional.ofNullable(why))),
            new Route.Kept(ROLLUPS, Duration.ZERO, true),
            Optional.empty(),
            true,
            Optional.of(standing("0")),
            LAG_MAX,
            COSTS);
    assertThat(route.getClass().getSimpleName()).isEqualTo(goesTo);
    if (!writes) {
      assertThat(route.reason()).contains("2026-03-09 to 2026-03-10 (2 of these days)");
    }
    if (route instanceof Route.Refused refused && !writes) {
      assertThat(refused.reason()).contains("not from the archive: gone");
      assertThat(refused.instead()).contains("2026-03-11 on", "daily_users", "archive restore");
    }
  }

  @Test
  void aPlaceInTheLogIsReadAsItIsWritten() {
    assertThat(Replica.place("0/0")).isZero();
    assertThat(Replica.place("16/B374D848")).isEqualTo(0x16B374D848L);
    assertThatThrownBy(() -> Replica.place("16B374D848"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16/B374D848");
  }

  @Test
  void aPlanIsReadWhereverItsTablesStand() {
    QueryPlan plan =
        QueryPlan.parse(
            """
            [{"Plan": {"Node Type": "Aggregate", "Total Cost": 12.5, "Plan Rows": 3, "Plans": [
               {"Node Type": "Append", "Plans": [
                  {"Node Type": "Seq Scan", "Schema": "spendwatch", "Relation Name": "transactions_20240712"},
                  {"Node Type": "Seq Scan", "Schema": "spendwatch", "Relation Name": "transactions_202406"}]},
               {"Node Type": "Index Scan", "Schema": "spendwatch", "Relation Name": "accounts"}]}}]
            """);
    assertThat(plan)
        .isEqualTo(
            new QueryPlan(
                Set.of("spendwatch.accounts", "spendwatch.transactions"),
                false,
                12.5,
                3,
                Optional.of(LocalDate.of(2024, 6, 1)),
                Optional.of(LocalDate.of(2024, 7, 12))));
    assertThat(
            QueryPlan.parse(
                    "[{\"Plan\": {\"Node Type\": \"CTE Scan\", \"Plans\": [{\"Node Type\": \"ModifyTable\"}]}}]")
                .writes())
        .isTrue();
    assertThatThrownBy(() -> QueryPlan.parse("[]")).isInstanceOf(IllegalArgumentException.class);
  }
}
