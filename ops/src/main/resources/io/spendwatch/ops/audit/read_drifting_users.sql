-- Promises whose windows have drifted, as far as no run has seen that it is over.
SELECT DISTINCT kafka_partition, user_id
  FROM spendwatch.reconciliation_findings
 WHERE kind = 'ACTOR_DRIFT'
   AND resolved_run_id IS NULL
