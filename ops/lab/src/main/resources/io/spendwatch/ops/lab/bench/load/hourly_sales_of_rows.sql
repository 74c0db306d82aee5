-- Promises the sales of each hour of the 24 h to $1 by category.
SELECT date_trunc('hour', event_time, 'UTC') AS hour, coalesce(category, 'other') AS category, currency, count(*) AS transactions,
       sum(amount_minor) FILTER (WHERE kind = 'PURCHASE') AS purchases_minor
  FROM spendwatch.transactions
  LEFT JOIN public.bench_merchants USING (merchant)
 WHERE event_time > $1::timestamptz - interval '24 hours' AND event_time <= $1::timestamptz
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3
