-- Promises number and sum of transactions, by hour and kind, of the 24 h before $1.
SELECT date_trunc('hour', event_time) AS hour, kind, count(*), sum(amount_minor)
  FROM spendwatch.transactions
 WHERE event_time > $1::timestamptz - interval '24 hours'
   AND event_time <= $1::timestamptz
 GROUP BY hour, kind
 ORDER BY hour, kind
