-- Promises the latest hundred transactions of user $2 in the 7 days before $1.
SELECT event_time, kind, amount_minor, exposure_minor, balance_minor, verdict
  FROM spendwatch.transactions
 WHERE user_id = $2::text
   AND event_time > $1::timestamptz - interval '7 days'
   AND event_time <= $1::timestamptz
 ORDER BY event_time DESC
 LIMIT 100
