-- Promises the latest transaction of user $1, by event time, then by arrival, in ($2, $3] and before the arrival $4 ({arrived}: a row's);
-- no row without any.
SELECT user_id, event_time, transaction_id, kind, amount_minor, currency, exposure_minor, balance_minor, balance_version, verdict,
       kafka_partition, kafka_offset, ingested_at
  FROM spendwatch.transactions
 WHERE user_id = $1
   AND event_time > $2
   AND event_time <= $3
   AND {arrived} < $4
 ORDER BY event_time DESC, {arrived} DESC
 LIMIT 1
