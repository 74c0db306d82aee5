-- Promises how many users of the 180 days to $1 are in which fifth by recency, frequency and monetary value.
SELECT r, f, m, count(*) AS users
  FROM (
         SELECT ntile(5) OVER (ORDER BY max(event_time)) AS r, ntile(5) OVER (ORDER BY count(*)) AS f,
                ntile(5) OVER (ORDER BY sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END)) AS m
           FROM spendwatch.transactions
          WHERE event_time > $1::timestamptz - interval '180 days'
          GROUP BY user_id
       ) AS scored
 GROUP BY r, f, m
