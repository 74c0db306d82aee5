package io.spendwatch.ops.audit;

import java.util.Map;

/** Told of each run of this node. Must not block or throw. */
public interface AuditMetrics {

  /** A run that has assessed all that it was to assess. */
  void ran(AuditReport report);

  /** A run that could not. */
  void failed();

  /** How many findings are open now, of all runs; kinds that are not in it have none. */
  void open(Map<FindingKind, Long> findings);
}
