-- Promises the days (UTC) of the hours that begin in [$1, $2), the newest first, by currency and, where $3 says so, by merchant: $4 rows at most.
SELECT day, CASE WHEN $3::text = 'merchant' THEN nullif(merchant, '') END AS merchant, currency,
       sum(transactions)::bigint AS transactions,
       spendwatch.total_to_decimal(sum(purchases_minor), currency) AS purchases,
       spendwatch.total_to_decimal(sum(refunds_minor), currency) AS refunds,
       spendwatch.total_to_decimal(sum(purchases_minor - refunds_minor), currency) AS net,
       sum(breaches)::bigint AS breaches
  FROM spendwatch.spend_between($1, $2)
 GROUP BY 1, 2, 3
 ORDER BY 1 DESC, 3, 7 DESC, 2
 LIMIT $4
