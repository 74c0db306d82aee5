-- Promises what enters the exposure of user $1 in ($2, $3]: for each instant and currency the sum, a refund negative; by time, the first $4.
SELECT event_time, currency, sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END)::bigint
  FROM spendwatch.transactions
 WHERE user_id = $1
   AND event_time > $2
   AND event_time <= $3
 GROUP BY event_time, currency
 ORDER BY event_time
 LIMIT $4
