-- Promises in table found where roll-up monthly_users is not what the days of users add up to in the month that begins with {month}, days that
-- were dropped included. A finding for each user; it shows the first row that differs. Only where they differ do the transactions say, of
-- the days that are still there, which of the two is wrong: an error in a day is found once, as that.
INSERT INTO found (kind, user_id, event_time, expected, actual, detail, reproduce)
WITH bound AS MATERIALIZED (
  SELECT ({month} + interval '1 month')::date AS ends,
         greatest({month}, coalesce((SELECT (dropped_before AT TIME ZONE 'UTC')::date FROM spendwatch.settings), '-infinity')) AS counted_from
), differing AS MATERIALIZED (
  SELECT user_id, currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.exposure_max_minor, kept.excess_max_minor,
         kept.first_day, kept.last_day
    FROM (
           SELECT user_id, currency, sum(transactions) AS transactions, sum(purchases_minor) AS purchases_minor,
                  sum(refunds_minor) AS refunds_minor, max(exposure_max_minor) AS exposure_max_minor,
                  max(excess_max_minor) AS excess_max_minor, min(day) AS first_day, max(day) AS last_day
             FROM spendwatch.daily_users
            WHERE day >= {month} AND day < ({month} + interval '1 month')
            GROUP BY user_id, currency
         ) AS summed
    FULL JOIN (SELECT * FROM spendwatch.monthly_users WHERE month = {month}) AS kept USING (user_id, currency)
   WHERE (SELECT bool_and(built) FROM spendwatch.rollups WHERE name IN ('daily_users', 'monthly_users'))
     AND (summed.transactions, summed.purchases_minor, summed.refunds_minor, summed.exposure_max_minor, summed.excess_max_minor,
          summed.first_day, summed.last_day)
         IS DISTINCT FROM (kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.exposure_max_minor, kept.excess_max_minor,
                           kept.first_day, kept.last_day)
), counted AS (
  SELECT user_id, currency, sum(transactions) AS transactions, sum(purchases_minor) AS purchases_minor,
         sum(refunds_minor) AS refunds_minor, max(exposure_max_minor) AS exposure_max_minor, max(excess_max_minor) AS excess_max_minor,
         min(first_day) AS first_day, max(last_day) AS last_day
    FROM (
           SELECT user_id, currency, count(*) AS transactions,
                  sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END) AS purchases_minor,
                  sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) AS refunds_minor,
                  max(exposure_minor) AS exposure_max_minor,
                  max(CASE WHEN exposure_minor > balance_minor THEN exposure_minor::numeric - balance_minor ELSE 0 END) AS excess_max_minor,
                  (min(event_time) AT TIME ZONE 'UTC')::date AS first_day, (max(event_time) AT TIME ZONE 'UTC')::date AS last_day
             FROM spendwatch.rolled_up_transactions
            WHERE event_time >= (SELECT counted_from::timestamp AT TIME ZONE 'UTC' FROM bound)
              AND event_time < (SELECT ends::timestamp AT TIME ZONE 'UTC' FROM bound)
              AND EXISTS (SELECT FROM differing)
            GROUP BY user_id, currency
            UNION ALL
           SELECT user_id, currency, sum(transactions), sum(purchases_minor), sum(refunds_minor), max(exposure_max_minor),
                  max(excess_max_minor), min(day), max(day)
             FROM spendwatch.daily_users
            WHERE day >= {month} AND day < (SELECT least(counted_from, ends) FROM bound)
              AND EXISTS (SELECT FROM differing)
            GROUP BY user_id, currency
         ) AS parts
   GROUP BY user_id, currency
)
SELECT DISTINCT ON (user_id)
       'WRONG_MONTHLY_USERS', user_id, {month}::timestamp AT TIME ZONE 'UTC',
       CASE WHEN counted.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, exposure %s, excess %s, %s to %s', counted.transactions,
                       spendwatch.total_to_decimal(counted.purchases_minor, currency),
                       spendwatch.total_to_decimal(counted.refunds_minor, currency),
                       spendwatch.to_decimal(counted.exposure_max_minor, currency),
                       spendwatch.total_to_decimal(counted.excess_max_minor, currency), counted.first_day, counted.last_day) END,
       CASE WHEN differing.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, exposure %s, excess %s, %s to %s', differing.transactions,
                       spendwatch.total_to_decimal(differing.purchases_minor, currency),
                       spendwatch.total_to_decimal(differing.refunds_minor, currency),
                       spendwatch.to_decimal(differing.exposure_max_minor, currency),
                       spendwatch.total_to_decimal(differing.excess_max_minor, currency), differing.first_day, differing.last_day) END,
       format('the user''s month in %s', currency),
       format('SELECT * FROM spendwatch.daily_users WHERE user_id = %1$L AND day >= %2$L AND day < %2$L::date + interval ''1 month'' '
              'AND currency = %3$L', user_id, {month}, currency)
  FROM differing
  LEFT JOIN counted USING (user_id, currency)
 WHERE (counted.transactions, counted.purchases_minor, counted.refunds_minor, counted.exposure_max_minor, counted.excess_max_minor,
        counted.first_day, counted.last_day)
       IS DISTINCT FROM (differing.transactions, differing.purchases_minor, differing.refunds_minor, differing.exposure_max_minor,
                         differing.excess_max_minor, differing.first_day, differing.last_day)
 ORDER BY user_id, currency;
