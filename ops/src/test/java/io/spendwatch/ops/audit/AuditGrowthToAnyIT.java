package io.spendwatch.ops.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Servers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Users move from any partition to any other, to a lower one and back, too. */
@ExtendWith(Servers.class)
class AuditGrowthToAnyIT extends GrownTopicAudit {
  AuditGrowthToAnyIT() {
    super(6, 8);
  }

  @Test
  void someComeBackToTheirFirstHome() {
    assertThat(
            number(
                """
                SELECT count(*)
                  FROM (
                         SELECT user_id, kafka_partition, min(ingested_at) AS first, max(ingested_at) AS last
                           FROM spendwatch.transactions
                          GROUP BY user_id, kafka_partition
                       ) AS home
                 WHERE EXISTS (SELECT FROM spendwatch.transactions AS t
                                WHERE t.user_id = home.user_id AND t.kafka_partition <> home.kafka_partition
                                  AND t.ingested_at > home.first AND t.ingested_at < home.last)
                """))
        .isPositive();
  }
}
