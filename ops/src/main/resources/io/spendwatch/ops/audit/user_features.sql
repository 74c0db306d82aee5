-- Promises in table found the users of this share ({share} of {shares}) whose newest features are not what their transactions say, where all
-- of these are still there ({counted_from}). Where some have come since they were computed, only how many there were at least can be told:
-- the next day's will have them. In one snapshot, so this holds at any moment. Reads the transactions of thirty days.
INSERT INTO found (kind, user_id, event_time, expected, actual, detail, reproduce)
WITH newest AS (
  SELECT as_of, begun_at, (as_of - 30)::timestamp AT TIME ZONE 'UTC' AS begins, as_of::timestamp AT TIME ZONE 'UTC' AS ends
    FROM spendwatch.user_features_versions
   WHERE next_user IS NULL
   ORDER BY as_of DESC
   LIMIT 1
), spend AS (
  SELECT user_id, currency, merchant, (event_time AT TIME ZONE 'UTC')::date AS day,
         date_part('hour', event_time AT TIME ZONE 'UTC')::integer AS hour, kind, amount_minor,
         ingested_at < (SELECT begun_at FROM newest) - interval '10 minutes' AS is_settled
    FROM spendwatch.rolled_up_transactions
   WHERE event_time >= (SELECT begins FROM newest) AND event_time < (SELECT ends FROM newest)
     AND (hashtext(user_id) & 2147483647) % {shares} = {share}
), daily AS (
  SELECT user_id, currency, day, sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) AS net_minor
    FROM spend
   GROUP BY user_id, currency, day
), days AS (
  SELECT user_id, currency, count(*)::integer AS days_active, round(sum(net_minor) / 30) AS daily_spend_avg_minor,
         (array_agg(net_minor) || array_fill(0::numeric, ARRAY[30 - count(*)::integer])) AS thirty
    FROM daily
   GROUP BY user_id, currency
), hours AS (
  SELECT user_id, currency, array_agg(hour ORDER BY hour) AS usual_hours
    FROM (SELECT user_id, currency, hour, count(DISTINCT day) AS days FROM spend GROUP BY user_id, currency, hour) AS hourly
    JOIN days USING (user_id, currency)
   WHERE hourly.days >= days.days_active / 4.0
   GROUP BY user_id, currency
), shops AS (
  SELECT user_id, currency, count(*)::integer AS merchants,
         (array_agg(merchant::text ORDER BY days DESC, transactions DESC, merchant COLLATE "C"))[1:5] AS usual_merchants
    FROM (
           SELECT user_id, currency, merchant, count(DISTINCT day) AS days, count(*) AS transactions
             FROM spend
            WHERE merchant IS NOT NULL
            GROUP BY user_id, currency, merchant
         ) AS shop
   GROUP BY user_id, currency
), whole AS (
  SELECT user_id, currency, count(*) AS transactions, count(*) FILTER (WHERE is_settled) AS settled,
         round(sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) * 1.00000000
               / nullif(sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END), 0), 4) AS refund_share
    FROM spend
   GROUP BY user_id, currency
), counted AS (
  SELECT user_id, currency, transactions, settled, days_active, daily_spend_avg_minor,
         (SELECT net FROM unnest(thirty) AS net ORDER BY net DESC OFFSET 3 LIMIT 1) AS daily_spend_p90_minor, refund_share,
         coalesce(usual_hours, '{}') AS usual_hours, coalesce(merchants, 0) AS merchants, coalesce(usual_merchants, '{}') AS usual_merchants
    FROM whole
    JOIN days USING (user_id, currency)
    LEFT JOIN hours USING (user_id, currency)
    LEFT JOIN shops USING (user_id, currency)
), kept AS (
  SELECT *
    FROM spendwatch.user_features
   WHERE as_of = (SELECT as_of FROM newest)
     AND (hashtext(user_id) & 2147483647) % {shares} = {share}
)
SELECT DISTINCT ON (user_id)
       'WRONG_USER_FEATURES', user_id, newest.ends,
       CASE WHEN counted.transactions IS NULL THEN 'none' ELSE
            format('%s transactions on %s days, a day %s, p90 %s, refunds %s, hours %s, %s merchants %s', counted.transactions,
                   counted.days_active, spendwatch.total_to_decimal(counted.daily_spend_avg_minor, currency),
                   spendwatch.total_to_decimal(counted.daily_spend_p90_minor, currency), counted.refund_share, counted.usual_hours,
                   counted.merchants, counted.usual_merchants) END,
       CASE WHEN kept.transactions IS NULL THEN 'none' ELSE
            format('%s transactions on %s days, a day %s, p90 %s, refunds %s, hours %s, %s merchants %s', kept.transactions,
                   kept.days_active, spendwatch.total_to_decimal(kept.daily_spend_avg_minor, currency),
                   spendwatch.total_to_decimal(kept.daily_spend_p90_minor, currency), kept.refund_share, kept.usual_hours,
                   kept.merchants, kept.usual_merchants) END,
       format('the thirty days before %s in %s', newest.as_of, currency),
       format('SELECT * FROM spendwatch.user_features_at(%L, %L, %L) WHERE currency = %L', newest.as_of, user_id, user_id || E'\x01', currency)
  FROM counted
  FULL JOIN kept USING (user_id, currency)
 CROSS JOIN newest
 WHERE newest.begins >= {counted_from}
   AND CASE WHEN coalesce(kept.transactions, 0) = coalesce(counted.transactions, 0)
            THEN (counted.days_active, counted.daily_spend_avg_minor, counted.daily_spend_p90_minor, counted.refund_share,
                  counted.usual_hours, counted.merchants, counted.usual_merchants)
                 IS DISTINCT FROM
                 (kept.days_active, kept.daily_spend_avg_minor, kept.daily_spend_p90_minor, kept.refund_share,
                  kept.usual_hours, kept.merchants, kept.usual_merchants)
            ELSE coalesce(kept.transactions, 0) NOT BETWEEN coalesce(counted.settled, 0) AND coalesce(counted.transactions, 0) END
 ORDER BY user_id, currency
