package io.spendwatch.ops.audit;

import java.util.List;
import java.util.Set;

/** What an audit says of decisions: a row that is changed by hand is not what its roll-ups have. */
final class Decisions {
  private static final Set<FindingKind> OF_ROLLUPS =
      Set.of(
          FindingKind.WRONG_HOURLY_SPEND,
          FindingKind.WRONG_DAILY_SPEND,
          FindingKind.WRONG_MINUTE_SALES,
          FindingKind.WRONG_DAILY_USERS,
          FindingKind.WRONG_MONTHLY_USERS,
          FindingKind.WRONG_DAILY_HABITS,
          FindingKind.WRONG_HOURLY_ALERTS,
          FindingKind.WRONG_USER_RISK,
          FindingKind.WRONG_USER_FEATURES);

  private Decisions() {}

  static List<Finding> of(List<Finding> findings) {
    return findings.stream().filter(finding -> !OF_ROLLUPS.contains(finding.kind())).toList();
  }
}
