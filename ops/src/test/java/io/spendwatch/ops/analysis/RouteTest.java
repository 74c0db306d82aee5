package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Where a query goes: a table of cases. */
class RouteTest {
  private static final double COST_MAX = 500_000;
  private static final Set<String> ROLLUPS =
      Set.of("spendwatch.hourly_spend", "spendwatch.daily_users", "spendwatch.user_risk");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          # reads                                             | writes | cost    | age ms | built | at most | goes to
          spendwatch.hourly_spend                             | false  | 10      | 0      | true  | -       | ByRollup
          spendwatch.hourly_spend                             | false  | 9000000 | 0      | true  | -       | ByRollup
          spendwatch.hourly_spend spendwatch.daily_users      | false  | 10      | 4000   | true  | 5000    | ByRollup
          spendwatch.hourly_spend                             | false  | 10      | 5000   | true  | 5000    | ByRollup
          spendwatch.hourly_spend                             | false  | 10      | 5001   | true  | 5000    | Refused
          spendwatch.hourly_spend                             | false  | 10      | 99000  | true  | -       | ByRollup
          spendwatch.hourly_spend                             | false  | 10      | 0      | true  | 0       | ByRollup
          spendwatch.user_risk                                | false  | 10      | 0      | false | -       | Refused
          spendwatch.user_risk                                | true   | 10      | 0      | true  | -       | Refused
          spendwatch.transactions                             | true   | 10      | 0      | true  | -       | Refused
          spendwatch.transactions                             | false  | 10      | 99000  | true  | 0       | ByPrimary
          spendwatch.transactions                             | false  | 500000  | 0      | true  | -       | ByPrimary
          spendwatch.transactions                             | false  | 500001  | 0      | true  | -       | Refused
          spendwatch.transactions spendwatch.hourly_spend     | false  | 10      | 99000  | false | 0       | ByPrimary
          spendwatch.accounts                                 | false  | 600000  | 0      | true  | -       | Refused
          -                                                   | false  | 0       | 99000  | false | 0       | ByPrimary
          """)
  void goesWhereItsPlanAndItsBoundSay(
      String relations,
      boolean writes,
      double cost,
      long ageMs,
      boolean built,
      Long ageMaxMs,
      String goesTo) {
    Set<String> read =
        relations == null ? Set.of() : new TreeSet<>(Arrays.asList(relations.split("\\s+", -1)));
    Route route =
        Route.decide(
            new QueryPlan(read, writes, cost, 1),
            ROLLUPS,
            Duration.ofMillis(ageMs),
            built,
            Optional.ofNullable(ageMaxMs).map(Duration::ofMillis),
            COST_MAX);
    assertThat(route.getClass().getSimpleName()).isEqualTo(goesTo);
    assertThat(route.reason()).isNotBlank();
    if (route instanceof Route.Refused refused) {
      assertThat(refused.instead()).isNotBlank();
    }
  }

  @Test
  void whatIsTooDearNamesTheRollupsThatHaveIt() {
    Route route =
        Route.decide(
            new QueryPlan(Set.of("spendwatch.transactions"), false, 1e6, 1),
            ROLLUPS,
            Duration.ZERO,
            true,
            Optional.empty(),
            COST_MAX);
    assertThat(((Route.Refused) route).instead()).contains("hourly_spend", "daily_users");
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
                Set.of("spendwatch.accounts", "spendwatch.transactions"), false, 12.5, 3));
    assertThat(
            QueryPlan.parse(
                    "[{\"Plan\": {\"Node Type\": \"CTE Scan\", \"Plans\": [{\"Node Type\": \"ModifyTable\"}]}}]")
                .writes())
        .isTrue();
    assertThatThrownBy(() -> QueryPlan.parse("[]")).isInstanceOf(IllegalArgumentException.class);
  }
}
