-- Promises what run $1 has found, at most $2.
SELECT kind, user_id, transaction_id, alert_id, kafka_partition, kafka_offset, event_time, expected, actual, detail, reproduce
  FROM spendwatch.reconciliation_findings
 WHERE last_run_id = $1
 ORDER BY finding_id
 LIMIT $2
