-- Promises the exposure of a user over a window, and how many transactions it sums, of those that were known. Filled in as psql does.
SELECT coalesce(sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END), 0)::bigint AS exposure_minor,
       count(*) AS transactions
  FROM spendwatch.transactions
 WHERE user_id = :'user'
   AND event_time > :'window_start'
   AND event_time <= :'window_end'
   AND currency = :'currency'
