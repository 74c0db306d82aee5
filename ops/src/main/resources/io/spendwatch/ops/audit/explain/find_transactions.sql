-- Promises the transactions with the id $1, of user $2 where that is not null, with event times from $3 to $4; at most $5 of them.
-- Without a user there is no index: the partitions of that time are read whole.
SELECT user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor, balance_minor, balance_version, verdict,
       kafka_partition, kafka_offset, ingested_at
  FROM spendwatch.transactions
 WHERE transaction_id = $1
   AND ($2::text IS NULL OR user_id = $2::text)
   AND event_time BETWEEN $3 AND $4
 ORDER BY event_time, user_id
 LIMIT $5
