-- Promises the sales of each hour of the 24 h to $1 by category.
SELECT hour, coalesce(category, 'other') AS category, currency, sum(transactions) AS transactions, sum(purchases_minor) AS purchases_minor
  FROM spendwatch.hourly_spend
  LEFT JOIN public.bench_merchants USING (merchant)
 WHERE hour > $1::timestamptz - interval '24 hours' AND hour <= $1::timestamptz
 GROUP BY 1, 2, 3
 ORDER BY 1, 2, 3
