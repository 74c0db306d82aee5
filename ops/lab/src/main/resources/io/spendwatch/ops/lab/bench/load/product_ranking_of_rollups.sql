-- Promises the fifty merchants of the most sales in the 7 days to $1.
SELECT merchant, sum(purchases_minor) AS purchases_minor, rank() OVER (ORDER BY sum(purchases_minor) DESC) AS place
  FROM spendwatch.spend_between($1::timestamptz - interval '7 days', $1::timestamptz)
 GROUP BY merchant
 ORDER BY place
 LIMIT 50
