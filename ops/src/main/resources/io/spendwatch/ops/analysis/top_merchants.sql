-- Promises, of each currency, the $4 merchants with the most purchases, net spend, transactions or breaches ($3) in the hours of [$1, $2),
-- with their rank, their part of the currency's, and that of all down to them.
WITH merchant AS (
  SELECT merchant, currency, sum(transactions)::bigint AS transactions, sum(purchases_minor) AS purchases, sum(refunds_minor) AS refunds,
         sum(breaches)::bigint AS breaches
    FROM spendwatch.spend_between($1, $2)
   WHERE merchant <> ''
   GROUP BY merchant, currency
), ranked AS (
  SELECT merchant.*, measure, sum(measure) OVER (PARTITION BY currency) AS all_of_it,
         sum(measure) OVER (PARTITION BY currency ORDER BY measure DESC, merchant) AS down_to_it,
         rank() OVER (PARTITION BY currency ORDER BY measure DESC) AS rank
    FROM merchant
   CROSS JOIN LATERAL (
           SELECT CASE $3::text WHEN 'net' THEN purchases - refunds WHEN 'transactions' THEN transactions WHEN 'breaches' THEN breaches
                                ELSE purchases END AS measure
         ) AS measured
)
SELECT currency, rank, merchant, transactions, spendwatch.total_to_decimal(purchases, currency) AS purchases,
       spendwatch.total_to_decimal(refunds, currency) AS refunds, breaches,
       CASE WHEN all_of_it > 0 THEN round(100 * measure / all_of_it, 2) END AS share_percent,
       CASE WHEN all_of_it > 0 THEN round(100 * down_to_it / all_of_it, 2) END AS running_percent
  FROM ranked
 WHERE rank <= $4
 ORDER BY currency, rank, merchant
 LIMIT 10 * $4
