-- Promises the twenty merchants with the most breaches in the minute before $1.
SELECT merchant, count(*) AS breaches, sum(amount_minor)
  FROM spendwatch.transactions
 WHERE verdict = 'BREACH'
   AND event_time > $1::timestamptz - interval '1 minute'
   AND event_time <= $1::timestamptz
 GROUP BY merchant
 ORDER BY breaches DESC
 LIMIT 20
