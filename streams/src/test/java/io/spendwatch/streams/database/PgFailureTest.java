package io.spendwatch.streams.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.VertxException;
import io.vertx.pgclient.PgException;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PgFailureTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "08006", "40001", "40P01", "53300", "57014", "57P01", "57P02", "57P03", "55P03", "25006",
        "23514", "42P07", "28P01", "3D000", "42P01", "42703", "42501", "P0001", "XX000"
      })
  void isWorthAnotherTryUnlessItLiesInTheData(String sqlState) {
    assertThat(PgFailure.isWorthAnotherTry(refused(sqlState))).isTrue();
    assertThat(PgFailure.isOfTheData(refused(sqlState))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"22000", "22021", "22003", "23502", "23505", "54000"})
  void liesInTheData(String sqlState) {
    assertThat(PgFailure.isOfTheData(refused(sqlState))).isTrue();
    assertThat(PgFailure.isWorthAnotherTry(refused(sqlState))).isFalse();
  }

  @Test
  void tellsACheckFromAMissingPartition() {
    PgException noPartition = checkViolation(null, "ExecFindPartition");
    assertThat(PgFailure.isMissingPartition(noPartition)).isTrue();
    assertThat(PgFailure.isOfTheData(noPartition)).isFalse();
    assertThat(PgFailure.isOfTheData(checkViolation("amount_check", "ExecConstraints"))).isTrue();
    assertThat(PgFailure.isOfTheData(checkViolation(null, "exec_stmt_raise"))).isTrue();
  }

  @Test
  void takesTheConnectionForBadButNotTheValue() {
    assertThat(PgFailure.isOfTheData(new IOException("reset"))).isFalse();
    assertThat(PgFailure.isOfTheData(new TimeoutException())).isFalse();
    assertThat(PgFailure.isOfTheData(new VertxException("closed"))).isFalse();
    assertThat(PgFailure.isOfTheData(new ClassCastException())).isTrue();
    assertThat(PgFailure.isOfTheData(new DateTimeException("no such instant"))).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"25006, true", "57P01, false", "40001, false"})
  void replacesConnectionsThatLeadToAFormerPrimary(String sqlState, boolean poisoned) {
    assertThat(PgFailure.poisonsConnections(refused(sqlState))).isEqualTo(poisoned);
  }

  private static PgException checkViolation(String constraint, String routine) {
    return new PgException(
        "no",
        "ERROR",
        "23514",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        routine,
        null,
        null,
        null,
        null,
        constraint);
  }

  private static PgException refused(String sqlState) {
    return new PgException("no", "ERROR", sqlState, "");
  }
}
