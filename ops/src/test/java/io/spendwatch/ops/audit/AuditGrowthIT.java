package io.spendwatch.ops.audit;

import io.spendwatch.ops.testing.Servers;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.extension.ExtendWith;

/** Half of the users move, each to one new partition. */
@Disabled("now and then the audit names right alerts of users who moved: record 0018")
@ExtendWith(Servers.class)
class AuditGrowthIT extends GrownTopicAudit {
  AuditGrowthIT() {
    super(8);
  }
}
