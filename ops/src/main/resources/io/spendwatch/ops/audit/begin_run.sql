-- Promises the number of a run that begins now: of mode $1, by node $2, at $3.
INSERT INTO spendwatch.reconciliation_runs (mode, node_id, started_at)
VALUES ($1, $2, $3)
RETURNING run_id
