-- Promises the last run of the audit that has ended clean and began after $1, if there is one; nothing while a finding is open.
SELECT max(run_id)
  FROM spendwatch.reconciliation_runs
 WHERE outcome = 'CLEAN'
   AND started_at > ?
   AND NOT EXISTS (SELECT FROM spendwatch.reconciliation_findings WHERE resolved_run_id IS NULL)
