-- Promises the users of the days (UTC) of [$1, $2) in segments by recency, frequency and monetary value: of each currency, each of these
-- in fifths, 5 for the best.
WITH spender AS (
  SELECT user_id, currency, ($2::timestamptz AT TIME ZONE 'UTC')::date - max(last_day) AS recency, sum(transactions) AS frequency,
         sum(purchases_minor - refunds_minor) AS monetary
    FROM spendwatch.user_totals_between(($1::timestamptz AT TIME ZONE 'UTC')::date,
                                       (($2::timestamptz + interval '23:59:59.999999') AT TIME ZONE 'UTC')::date)
   GROUP BY user_id, currency
), scored AS (
  SELECT spender.*,
         ntile(5) OVER (PARTITION BY currency ORDER BY recency DESC, user_id) AS r,
         ntile(5) OVER (PARTITION BY currency ORDER BY frequency, user_id) AS f,
         ntile(5) OVER (PARTITION BY currency ORDER BY monetary, user_id) AS m
    FROM spender
), segmented AS (
  SELECT scored.*,
         CASE WHEN r >= 4 AND f >= 4 AND m >= 4 THEN 'champions'
              WHEN f >= 4 AND r >= 3 THEN 'loyal'
              WHEN r >= 4 AND f <= 2 THEN 'new'
              WHEN r <= 2 AND f >= 3 THEN 'at risk'
              WHEN r <= 2 THEN 'lost'
              ELSE 'regular'
         END AS segment
    FROM scored
)
SELECT currency, segment, count(*) AS users, round(avg(recency), 1) AS recency_days, round(avg(frequency), 1) AS transactions,
       spendwatch.total_to_decimal(round(avg(monetary)), currency) AS spend_each, spendwatch.total_to_decimal(sum(monetary), currency) AS spend,
       CASE WHEN sum(sum(monetary)) OVER (PARTITION BY currency) > 0
            THEN round(100 * sum(monetary) / sum(sum(monetary)) OVER (PARTITION BY currency), 2) END AS share_percent
  FROM segmented
 GROUP BY currency, segment
 ORDER BY currency, sum(monetary) DESC, segment
