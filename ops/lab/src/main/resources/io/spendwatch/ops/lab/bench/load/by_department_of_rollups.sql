-- Promises the sales of the 30 days to $1 by department: three tables joined.
SELECT department, category, sum(transactions) AS transactions, sum(purchases_minor) AS purchases_minor
  FROM spendwatch.spend_between($1::timestamptz - interval '30 days', $1::timestamptz)
  JOIN public.bench_merchants USING (merchant)
  JOIN public.bench_categories USING (category)
 GROUP BY department, category
 ORDER BY purchases_minor DESC
