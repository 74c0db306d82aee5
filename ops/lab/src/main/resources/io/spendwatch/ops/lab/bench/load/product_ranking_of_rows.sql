-- Promises the fifty merchants of the most sales in the 7 days to $1.
SELECT merchant, sum(amount_minor) AS purchases_minor, rank() OVER (ORDER BY sum(amount_minor) DESC) AS place
  FROM spendwatch.transactions
 WHERE event_time > $1::timestamptz - interval '7 days' AND event_time <= $1::timestamptz AND kind = 'PURCHASE'
 GROUP BY merchant
 ORDER BY place
 LIMIT 50
