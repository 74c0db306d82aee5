-- Promises in table found the partitions that lie wholly before {horizon}, and should be gone.
INSERT INTO found (kind, event_time, expected, actual, detail, reproduce)
SELECT 'OUTSIDE_RETENTION', min(event_time), 'no row before ' || {horizon}, count(*) || ' rows in ' || tableoid::regclass,
       'the rows are older than what is kept: what looks after the partitions has not removed them',
       format('SELECT count(*), min(event_time), max(event_time) FROM %s', tableoid::regclass)
  FROM spendwatch.transactions
 WHERE event_time < {horizon}
 GROUP BY tableoid
HAVING spendwatch.partition_end((SELECT relname::text FROM pg_class WHERE oid = tableoid)) <= {horizon};
