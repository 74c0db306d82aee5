-- Promises the latest hundred transactions of user $2 after $3, up to $1. Both are given, as whoever asks a table of many partitions gives
-- them: a bound that is computed here, from a time with a zone, is known only when the statement runs, and all partitions are planned for.
SELECT event_time, kind, amount_minor, exposure_minor, balance_minor, verdict
  FROM spendwatch.transactions
 WHERE user_id = $2::text
   AND event_time > $3::timestamptz
   AND event_time <= $1::timestamptz
 ORDER BY event_time DESC
 LIMIT 100
