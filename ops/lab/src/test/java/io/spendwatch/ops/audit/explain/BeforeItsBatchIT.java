package io.spendwatch.ops.audit.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.testing.NodeSettings;
import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.streams.database.Database;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An alert of a balance that was looked at before the rows of the batch it was announced with. */
@ExtendWith(Servers.class)
class BeforeItsBatchIT {
  private static final String ALERT = "0f6d7f0e-0c3b-8a55-9d7a-0a5c9a1f3b11";

  @Test
  void isExplainedByWhatWasKnownThen(TestBed bed) throws Exception {
    try (Connection connection = bed.database().connect("test");
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT spendwatch.ensure_partitions(ARRAY['2024-07-12'::timestamptz])");
      // Both rows of the second batch came with or before the alert's offset. No clock says the
      // same as another.
      statement.execute(
          """
          INSERT INTO spendwatch.accounts (user_id, balance_minor, currency, updated_at)
          VALUES ('u1', 5000, 'USD', '2024-07-12T02:00:00Z');
          INSERT INTO spendwatch.transactions (user_id, event_time, transaction_id, kind, amount_minor, currency,
                 exposure_minor, balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at)
          VALUES ('u1', '2024-07-12T00:00:00Z', 't1', 'PURCHASE', 6000, 'USD', 6000, 9000, 1, 'CLEAR', 0, 7, '2024-07-12T00:00:00.250001Z'),
                 ('u1', '2024-07-12T01:00:00Z', 't2', 'PURCHASE', 1000, 'USD', 7000, 9000, 1, 'CLEAR', 0, 8, '2024-07-12T03:00:00.500001Z'),
                 ('u1', '2024-07-12T01:30:00Z', 't3', 'PURCHASE', 500, 'USD', 7500, 9000, 1, 'CLEAR', 0, 9, '2024-07-12T03:00:00.500001Z');
          INSERT INTO spendwatch.alerts (alert_id, type, rule, episode_id, user_id, exposure_minor, balance_minor, currency,
                 transactions, window_start, event_time, detected_at, late, cause, kafka_topic, kafka_partition, kafka_offset, partition_seq)
          VALUES ('%s', 'RAISED', 'exposure-24h', 'e', 'u1', 6000, 5000, 'USD', 1, '2024-07-11T02:00:00Z', '2024-07-12T02:00:00Z',
                  '2024-07-12T03:00:00.437Z', false, 'BALANCE', 'transactions', 0, 9, 1)
          """
              .formatted(ALERT));
    }
    try (NodeSettings _ = NodeSettings.of(bed)) {
      Database database = Database.open(Configuration.load().analytics());
      try {
        Explanation explanation =
            new Explanations(database, bed.topics(), 10, new ArchiveAccess.Absent("there is none"))
                .of(ALERT, null, null);
        assertThat(explanation.differences()).isEmpty();
        assertThat(explanation.summation().recomputed()).isEqualTo("60.00");
        assertThat(explanation.summation().sql())
            .contains("ingested_at <> '2024-07-12T03:00:00.500001Z'");
      } finally {
        database.close().toCompletableFuture().get(10, TimeUnit.SECONDS);
      }
    }
  }
}
