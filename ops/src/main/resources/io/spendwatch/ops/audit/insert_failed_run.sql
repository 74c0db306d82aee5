-- Promises that a run of node $1 that began at $2 has failed at $3 for the reason $4; of mode $5, by rule $6 in version $7.
INSERT INTO spendwatch.reconciliation_runs (node_id, started_at, finished_at, failure, mode, rule, rule_version, outcome)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'FAILED')
