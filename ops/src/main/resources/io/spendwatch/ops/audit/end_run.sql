-- Promises what came of run $1.
UPDATE spendwatch.reconciliation_runs
   SET finished_at = $2, outcome = $3, settled_until = $4, transactions = $5, alerts = $6, offsets = $7, users_awake = $8,
       findings = $9
 WHERE run_id = $1
