package io.spendwatch.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.audit.AuditScripts;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What the oracle decides of random histories, with balances that change before, after and while
 * transactions come, is clean to the audit: written as rows, and judged in one run or in several.
 */
@ExtendWith(Servers.class)
class AuditedHistoriesIT {
  private static final Duration GRACE = Duration.ofSeconds(10);

  @Test
  void nothingIsFoundInWhatTheOracleDecides(TestBed bed) throws SQLException {
    int seeds = Integer.getInteger("spendwatch.audit.histories", 60);
    long from = Long.getLong("spendwatch.audit.histories.from", 1);
    try (Connection connection = bed.database().connect("test")) {
      try (Statement statement = connection.createStatement()) {
        // A few partitions instead of hundreds: each statement looks at all of them.
        boolean _ =
            statement.execute("UPDATE spendwatch.settings SET partition_granularity = 'month'");
      }
      for (long seed = from; seed < from + seeds; seed++) {
        AuditedHistory history = new AuditedHistory(seed);
        clear(connection);
        var parts = new AuditScripts(connection, GRACE);
        while (history.goesOn()) {
          String since = history.wall();
          history.play(connection, 12);
          List<String> found = parts.run(history.offsets(), false, since);
          assertThat(found)
              .as("seed %d, up to offset %d, what is new", seed, history.offsets())
              .isEmpty();
        }
        List<String> found =
            new AuditScripts(connection, GRACE).run(history.offsets(), true, "-infinity");
        assertThat(found).as("seed %d, all of it", seed).isEmpty();
      }
    }
  }

  private static void clear(Connection connection) throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      boolean _ =
          statement.execute(
              "DELETE FROM spendwatch.transactions; DELETE FROM spendwatch.alerts; DELETE FROM spendwatch.accounts;"
                  + " DELETE FROM spendwatch.account_versions; DELETE FROM spendwatch.closed_accounts;"
                  + " DELETE FROM spendwatch.pipelines; DELETE FROM spendwatch.reconciliation_positions;"
                  + " DELETE FROM spendwatch.reconciliation_open_episodes");
    }
    connection.commit();
  }
}
