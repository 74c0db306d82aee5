-- Promises that the run of node $1 that began at $2 has failed at $3 for the reason $4, if it is there.
UPDATE spendwatch.reconciliation_runs
   SET finished_at = $3, outcome = 'FAILED', failure = $4
 WHERE node_id = $1
   AND started_at = $2
   AND finished_at IS NULL
