package io.spendwatch.ops.audit;

/** Told of each run of this node. Must not block or throw. */
public interface AuditMetrics {

  /** A run that has judged all that it was to judge. */
  void ran(AuditReport report);

  /** A run that could not. */
  void failed();
}
