package io.spendwatch.streams.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.pgclient.PgException;
import java.io.IOException;
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
        "23514", "42P07"
      })
  void isWorthAnotherTry(String sqlState) {
    assertThat(PgFailure.isTransient(refused(sqlState))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"22021", "23505", "28P01", "3D000", "42P01", "42501"})
  void isNotWorthAnotherTry(String sqlState) {
    assertThat(PgFailure.isTransient(refused(sqlState))).isFalse();
  }

  @Test
  void takesTheConnectionForBadButNotTheValue() {
    assertThat(PgFailure.isTransient(new IOException("reset"))).isTrue();
    assertThat(PgFailure.isTransient(new TimeoutException())).isTrue();
    assertThat(PgFailure.isTransient(new ClassCastException())).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"25006, true", "57P01, false", "40001, false"})
  void replacesConnectionsThatLeadToAFormerPrimary(String sqlState, boolean poisoned) {
    assertThat(PgFailure.poisonsConnections(refused(sqlState))).isEqualTo(poisoned);
  }

  private static PgException refused(String sqlState) {
    return new PgException("no", "ERROR", sqlState, "");
  }
}
