-- Promises the number of a run that begins now: of mode $1, by node $2, at $3, by rule $4 in version $5.
INSERT INTO spendwatch.reconciliation_runs (mode, node_id, started_at, rule, rule_version)
VALUES ($1, $2, $3, $4, $5)
RETURNING run_id
