-- Promises the twenty users who have spent most in the 24 h before $1.
SELECT user_id, sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) AS spent_minor
  FROM spendwatch.transactions
 WHERE event_time > $1::timestamptz - interval '24 hours'
   AND event_time <= $1::timestamptz
 GROUP BY user_id
 ORDER BY spent_minor DESC
 LIMIT 20
