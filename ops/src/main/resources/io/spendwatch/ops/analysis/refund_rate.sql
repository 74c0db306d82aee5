-- Promises, by currency and by day (UTC), by merchant or as a whole ($3), which part of the purchases in the hours of [$1, $2) was given
-- back: $4 rows at most.
SELECT CASE WHEN $3::text = 'day' THEN day END AS day,
       CASE WHEN $3::text = 'merchant' THEN nullif(merchant, '') END AS merchant, currency,
       sum(transactions)::bigint AS transactions, spendwatch.total_to_decimal(sum(purchases_minor), currency) AS purchases,
       spendwatch.total_to_decimal(sum(refunds_minor), currency) AS refunds,
       CASE WHEN sum(purchases_minor) > 0 THEN round(100 * sum(refunds_minor) / sum(purchases_minor), 2) END AS refund_percent
  FROM spendwatch.spend_between($1, $2)
 GROUP BY 1, 2, 3
 ORDER BY 1 DESC NULLS LAST, 3, 7 DESC NULLS LAST, 2
 LIMIT $4
