package io.spendwatch.ops.audit;

import io.spendwatch.ops.testing.Servers;
import org.junit.jupiter.api.extension.ExtendWith;

/** Users move to any partition, also to a lower one, and some come back to where they were. */
@ExtendWith(Servers.class)
class AuditGrowthToAnyIT extends GrownTopicAudit {
  AuditGrowthToAnyIT() {
    super(5, 6, 8);
  }
}
