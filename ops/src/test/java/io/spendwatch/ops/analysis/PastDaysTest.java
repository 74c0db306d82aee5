package io.spendwatch.ops.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.analysis.FreeQueries.Question;
import java.time.LocalDate;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is said of days that have left where nobody can read the archive. */
class PastDaysTest {
  private static final LocalDate LAST_LEFT = LocalDate.parse("2026-07-10");

  private static boolean mayReach(String firstDay) {
    Optional<LocalDate> first = Optional.ofNullable(firstDay).map(LocalDate::parse);
    return PastDays.mayReach(
        new QueryPlan(Set.of("spendwatch.transactions"), false, 1, 1, first, first), LAST_LEFT);
  }

  @Test
  void aQueryThatBeginsNextToWhatHasLeftMayReachIt() {
    assertThat(mayReach("2026-07-11")).isTrue();
    assertThat(mayReach("2026-07-01")).isTrue();
    assertThat(mayReach(null)).as("no partition was chosen at all").isTrue();
  }

  @Test
  void aQueryThatBeginsADayLaterDoesNot() {
    assertThat(mayReach("2026-07-12")).isFalse();
  }

  @Test
  void aQuestionsStatementIsWithoutWhatEndsIt() {
    assertThat(Question.of(" SELECT ';';\n").statement()).isEqualTo("SELECT ';'");
    assertThat(Question.of("TABLE alerts").statement()).isEqualTo("TABLE alerts");
  }
}
