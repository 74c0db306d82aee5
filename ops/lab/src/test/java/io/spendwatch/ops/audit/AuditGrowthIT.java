package io.spendwatch.ops.audit;

import io.spendwatch.ops.testing.Servers;
import org.junit.jupiter.api.extension.ExtendWith;

/** Half of the users move, each to one new partition. */
@ExtendWith(Servers.class)
class AuditGrowthIT extends GrownTopicAudit {
  AuditGrowthIT() {
    super(8);
  }
}
