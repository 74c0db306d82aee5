-- Promises the first transaction of user $1 to arrive ({arrived}: when) with a later event time than $2: with it the user's time passed that instant.
SELECT user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor, balance_minor, balance_version, verdict,
       kafka_partition, kafka_offset, ingested_at
  FROM spendwatch.transactions
 WHERE user_id = $1
   AND event_time > $2
 ORDER BY {arrived}
 LIMIT 1
