-- Promises how many findings there are of each kind that no run has found gone.
SELECT kind, count(*) AS findings
  FROM spendwatch.reconciliation_findings
 WHERE resolved_run_id IS NULL
 GROUP BY kind
