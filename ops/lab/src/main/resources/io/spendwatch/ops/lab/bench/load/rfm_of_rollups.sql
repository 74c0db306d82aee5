-- Promises how many users of the 180 days to $1 are in which fifth by recency, frequency and monetary value.
SELECT r, f, m, count(*) AS users
  FROM (
         SELECT ntile(5) OVER (ORDER BY max(last_day)) AS r, ntile(5) OVER (ORDER BY sum(transactions)) AS f,
                ntile(5) OVER (ORDER BY sum(purchases_minor - refunds_minor)) AS m
           FROM spendwatch.user_totals_between(($1::timestamptz AT TIME ZONE 'UTC')::date - 179, ($1::timestamptz AT TIME ZONE 'UTC')::date + 1)
          GROUP BY user_id
       ) AS scored
 GROUP BY r, f, m
