package io.spendwatch.ops.audit;

import java.util.List;

/** What an audit says of decisions: a row that is changed by hand is not what its roll-ups have. */
final class Decisions {
  private Decisions() {}

  static List<Finding> of(List<Finding> findings) {
    return findings.stream().filter(finding -> !finding.kind().isOfRollup()).toList();
  }
}
