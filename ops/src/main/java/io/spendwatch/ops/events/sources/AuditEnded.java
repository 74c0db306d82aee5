package io.spendwatch.ops.events.sources;

import io.spendwatch.ops.status.AuditStatus;
import io.spendwatch.protocol.EventTime;

/**
 * The data of an {@code audit} event: a run has ended, of whichever node.
 *
 * @param outcome {@code CLEAN}, {@code FINDINGS} or {@code FAILED}
 * @param settledUntil highest event time that it assessed; null for none
 * @param findings of that run; null where it failed
 * @param openFindings of all runs, which none has found gone
 * @param failure why it failed; else null
 */
record AuditEnded(
    long runId,
    String mode,
    String node,
    String startedAt,
    String finishedAt,
    String outcome,
    String settledUntil,
    Long transactions,
    Long findings,
    long openFindings,
    String failure) {

  /**
   * Of a run.
   *
   * @param run that has finished
   */
  static AuditEnded of(AuditStatus run) {
    return new AuditEnded(
        run.runId(),
        run.mode(),
        run.node(),
        EventTime.format(run.startedAt().toEpochMilli()),
        EventTime.format(run.finishedAt().toEpochMilli()),
        run.outcome(),
        run.settledUntil() == null ? null : EventTime.format(run.settledUntil().toEpochMilli()),
        run.transactions(),
        run.findings(),
        run.openFindings(),
        run.failure());
  }
}
