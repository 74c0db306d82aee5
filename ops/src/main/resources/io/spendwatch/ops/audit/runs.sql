-- Promises the last $1 runs, the newest first, with how many findings are open now.
SELECT run_id, mode, node_id, started_at, finished_at, outcome, settled_until, transactions, findings, failure,
       (SELECT count(*) FROM spendwatch.reconciliation_findings WHERE resolved_run_id IS NULL) AS open_findings
  FROM spendwatch.reconciliation_runs
 ORDER BY run_id DESC
 LIMIT $1
