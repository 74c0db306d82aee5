-- Promises the last $1 findings that no run has found gone, the newest first.
SELECT kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce
  FROM spendwatch.reconciliation_findings
 WHERE resolved_run_id IS NULL
 ORDER BY finding_id DESC
 LIMIT $1
