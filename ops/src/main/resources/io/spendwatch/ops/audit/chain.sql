-- Promises in table found the first run at which their chain does not hold, if there is one: somebody has changed what an audit said.
INSERT INTO found (kind, expected, actual, detail, reproduce)
SELECT 'CHANGED_RUN', 'runs as they ended', format('run %s: %s', coalesce(run_id::text, 'none'), reason),
       'somebody with the rights of the owner has changed reconciliation_runs or reconciliation_findings',
       'SELECT * FROM spendwatch.broken_runs()'
  FROM (SELECT * FROM spendwatch.broken_runs() ORDER BY run_id LIMIT 1) AS broken
