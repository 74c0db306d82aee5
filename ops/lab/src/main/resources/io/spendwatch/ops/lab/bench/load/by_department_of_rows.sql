-- Promises the sales of the 30 days to $1 by department: three tables joined.
SELECT department, category, count(*) AS transactions, sum(amount_minor) AS purchases_minor
  FROM spendwatch.transactions
  JOIN public.bench_merchants USING (merchant)
  JOIN public.bench_categories USING (category)
 WHERE event_time > $1::timestamptz - interval '30 days' AND event_time <= $1::timestamptz AND kind = 'PURCHASE'
 GROUP BY department, category
 ORDER BY purchases_minor DESC
