-- Promises the transactions of user $1 after the place ($2, $3), not before $4, the newest first; at most $5 of them. Day by day backwards
-- along the primary key: a day that is not needed is not opened.
SELECT user_id, event_time, transaction_id, kind, currency, amount_minor, merchant, original_transaction_id, exposure_minor,
       balance_minor, balance_version, verdict, kafka_partition, kafka_offset, ingested_at
  FROM spendwatch.transactions
 WHERE user_id = $1
   AND event_time <= $2
   AND (event_time, transaction_id) < ($2, $3)
   AND event_time >= $4
 ORDER BY event_time DESC, transaction_id DESC
 LIMIT $5
