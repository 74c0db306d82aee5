package io.spendwatch.ops.status;

import java.time.Instant;

/**
 * The last run of the audit, of whichever node, and what is open.
 *
 * @param mode {@code FULL} or {@code INCREMENTAL}
 * @param node that ran it
 * @param finishedAt null while it runs
 * @param outcome {@code CLEAN}, {@code FINDINGS} or {@code FAILED}; null while it runs
 * @param settledUntil highest event time that it assessed; null for none
 * @param findings of that run; null while it runs and where it failed
 * @param openFindings of all runs, which none has found gone
 * @param failure why it failed; else null
 */
public record AuditStatus(
    long runId,
    String mode,
    String node,
    Instant startedAt,
    Instant finishedAt,
    String outcome,
    Instant settledUntil,
    Long transactions,
    Long findings,
    long openFindings,
    String failure) {}
