-- Promises the highest event time that partition $1 has durably seen, and up to where changes of accounts have been looked at;
-- nulls or no row before any.
SELECT stream_time, accounts_seen_at
  FROM spendwatch.pipelines
 WHERE kafka_partition = $1
