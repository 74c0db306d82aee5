-- Promises, of each currency, the $4 users with the most net spend, purchases, transactions or excess ($3) on the days (UTC) that begin in
-- [$1, $2), with their rank and their part of the currency's.
WITH spender AS (
  SELECT user_id, currency, sum(transactions)::bigint AS transactions, sum(purchases_minor) AS purchases,
         sum(purchases_minor - refunds_minor) AS net, max(exposure_max_minor) AS exposure, max(excess_max_minor) AS excess
    FROM spendwatch.users_between(($1::timestamptz AT TIME ZONE 'UTC')::date,
                                 (($2::timestamptz + interval '23:59:59.999999') AT TIME ZONE 'UTC')::date)
   GROUP BY user_id, currency
), ranked AS (
  SELECT spender.*, measure, sum(measure) OVER (PARTITION BY currency) AS all_of_it,
         rank() OVER (PARTITION BY currency ORDER BY measure DESC) AS rank
    FROM spender
   CROSS JOIN LATERAL (
           SELECT CASE $3::text WHEN 'purchases' THEN purchases WHEN 'transactions' THEN transactions WHEN 'excess' THEN excess ELSE net END
                    AS measure
         ) AS measured
)
SELECT currency, rank, user_id, transactions, spendwatch.total_to_decimal(purchases, currency) AS purchases,
       spendwatch.total_to_decimal(net, currency) AS net, spendwatch.to_decimal(exposure, currency) AS exposure_max,
       spendwatch.total_to_decimal(excess, currency) AS excess_max,
       CASE WHEN all_of_it > 0 THEN round(100 * measure / all_of_it, 2) END AS share_percent
  FROM ranked
 WHERE rank <= $4
 ORDER BY currency, rank, user_id
 LIMIT 10 * $4
