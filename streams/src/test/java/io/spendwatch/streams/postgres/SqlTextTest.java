package io.spendwatch.streams.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlTextTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "claim_pipeline",
        "ensure_partitions",
        "find_stored",
        "read_versions",
        "read_versions_in_force",
        "find_changes",
        "find_active",
        "read_entries",
        "read_episodes",
        "read_open_episodes",
        "read_stream_time",
        "read_transaction_ids",
        "read_unpublished_alerts",
        "sum_exposures",
        "apply_balances",
        "read_progress",
        "forget_progress",
        "write_transactions",
        "write_ledger"
      })
  void beginsWithWhatItPromises(String statement) {
    assertThat(SqlText.load(statement)).startsWith("-- Promises");
  }

  @Test
  void failsWhenAStatementIsMissing() {
    assertThatThrownBy(() -> SqlText.load("no_such")).isInstanceOf(IllegalStateException.class);
  }
}
