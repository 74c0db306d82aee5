-- Promises in table found where a roll-up by time is not what its rows add up to, from {counted_from} to {counted_to}, exclusive. A finding
-- for each hour, or each user's day; it shows the first row that differs. The rows of a roll-up are those that nothing says are still to be
-- added, in the same snapshot, so this holds at any moment. Each reads the transactions of that time once. Hours and days of UTC are told by
-- date_bin, which looks no time zone up for each row.
INSERT INTO found (kind, event_time, expected, actual, detail, reproduce)
SELECT DISTINCT ON (hour)
       'WRONG_HOURLY_SPEND', hour,
       CASE WHEN counted.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, %s breaches', counted.transactions,
                       spendwatch.total_to_decimal(counted.purchases_minor, currency),
                       spendwatch.total_to_decimal(counted.refunds_minor, currency), counted.breaches) END,
       CASE WHEN kept.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, %s breaches', kept.transactions,
                       spendwatch.total_to_decimal(kept.purchases_minor, currency),
                       spendwatch.total_to_decimal(kept.refunds_minor, currency), kept.breaches) END,
       format('merchant %s in %s; %s rows of the hour differ', nullif(merchant, ''), currency, count(*) OVER (PARTITION BY hour)),
       format('SELECT * FROM spendwatch.rolled_up_transactions WHERE event_time >= %1$L AND event_time < %1$L::timestamptz + interval ''1 hour'' '
              'AND coalesce(merchant, '''') = %2$L AND currency = %3$L', hour, merchant, currency)
  FROM (
         SELECT date_bin('1 hour', event_time, timestamptz '2000-01-01 00:00:00+00') AS hour, coalesce(merchant, '') AS merchant, currency,
                count(*) AS transactions,
                sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END) AS purchases_minor,
                sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) AS refunds_minor,
                sum(CASE verdict WHEN 'BREACH' THEN 1 ELSE 0 END) AS breaches
           FROM spendwatch.rolled_up_transactions
          WHERE event_time >= {counted_from} AND event_time < {counted_to}
          GROUP BY 1, 2, 3
       ) AS counted
  FULL JOIN (SELECT * FROM spendwatch.hourly_spend WHERE hour >= {counted_from} AND hour < {counted_to}) AS kept USING (hour, merchant, currency)
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'hourly_spend')
   AND (counted.transactions, counted.purchases_minor, counted.refunds_minor, counted.breaches)
       IS DISTINCT FROM (kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.breaches)
 ORDER BY hour, merchant, currency;

-- By its hours first, which is cheap. Only where these differ from it do the transactions say which of the two is wrong: an error in an hour
-- is found once, as that.
INSERT INTO found (kind, event_time, expected, actual, detail, reproduce)
WITH differing AS MATERIALIZED (
  SELECT day, merchant, currency, kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.breaches
    FROM (
           SELECT (date_bin('24 hours', hour, timestamptz '2000-01-01 00:00:00+00') AT TIME ZONE 'UTC')::date AS day, merchant, currency,
                  sum(transactions) AS transactions, sum(purchases_minor) AS purchases_minor, sum(refunds_minor) AS refunds_minor,
                  sum(breaches) AS breaches
             FROM spendwatch.hourly_spend
            WHERE hour >= {counted_from} AND hour < {counted_to}
            GROUP BY 1, 2, 3
         ) AS summed
    FULL JOIN (SELECT *
                 FROM spendwatch.daily_spend
                WHERE day >= ({counted_from} AT TIME ZONE 'UTC') AND day < ({counted_to} AT TIME ZONE 'UTC')) AS kept
   USING (day, merchant, currency)
   WHERE (SELECT bool_and(built) FROM spendwatch.rollups WHERE name IN ('hourly_spend', 'daily_spend'))
     AND (summed.transactions, summed.purchases_minor, summed.refunds_minor, summed.breaches)
         IS DISTINCT FROM (kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.breaches)
), counted AS (
  SELECT (date_bin('24 hours', event_time, timestamptz '2000-01-01 00:00:00+00') AT TIME ZONE 'UTC')::date AS day,
         coalesce(merchant, '') AS merchant, currency, count(*) AS transactions,
         sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END) AS purchases_minor,
         sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) AS refunds_minor,
         sum(CASE verdict WHEN 'BREACH' THEN 1 ELSE 0 END) AS breaches
    FROM spendwatch.rolled_up_transactions
   WHERE event_time >= {counted_from} AND event_time < {counted_to}
     AND EXISTS (SELECT FROM differing)
   GROUP BY 1, 2, 3
)
SELECT DISTINCT ON (day)
       'WRONG_DAILY_SPEND', day::timestamp AT TIME ZONE 'UTC',
       CASE WHEN counted.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, %s breaches', counted.transactions,
                       spendwatch.total_to_decimal(counted.purchases_minor, currency),
                       spendwatch.total_to_decimal(counted.refunds_minor, currency), counted.breaches) END,
       CASE WHEN differing.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, %s breaches', differing.transactions,
                       spendwatch.total_to_decimal(differing.purchases_minor, currency),
                       spendwatch.total_to_decimal(differing.refunds_minor, currency), differing.breaches) END,
       format('merchant %s in %s; %s rows of the day differ', nullif(merchant, ''), currency, count(*) OVER (PARTITION BY day)),
       format('SELECT * FROM spendwatch.rolled_up_transactions WHERE event_time >= %1$L AND event_time < %1$L::timestamptz + interval ''1 day'' '
              'AND coalesce(merchant, '''') = %2$L AND currency = %3$L', day::timestamp AT TIME ZONE 'UTC', merchant, currency)
  FROM differing
  LEFT JOIN counted USING (day, merchant, currency)
 WHERE (counted.transactions, counted.purchases_minor, counted.refunds_minor, counted.breaches)
       IS DISTINCT FROM (differing.transactions, differing.purchases_minor, differing.refunds_minor, differing.breaches)
 ORDER BY day, merchant, currency;

INSERT INTO found (kind, event_time, expected, actual, detail, reproduce)
SELECT DISTINCT ON (minute)
       'WRONG_MINUTE_SALES', minute,
       CASE WHEN counted.purchases IS NULL THEN 'none' ELSE format('%s purchases of %s, %s refunds of %s', counted.purchases,
                       spendwatch.total_to_decimal(counted.purchases_minor, currency), counted.refunds,
                       spendwatch.total_to_decimal(counted.refunds_minor, currency)) END,
       CASE WHEN kept.purchases IS NULL THEN 'none' ELSE format('%s purchases of %s, %s refunds of %s', kept.purchases,
                       spendwatch.total_to_decimal(kept.purchases_minor, currency), kept.refunds,
                       spendwatch.total_to_decimal(kept.refunds_minor, currency)) END,
       format('merchant %s in %s; %s rows of the minute differ', nullif(merchant, ''), currency, count(*) OVER (PARTITION BY minute)),
       format('SELECT * FROM spendwatch.rolled_up_transactions WHERE event_time >= %1$L AND event_time < %1$L::timestamptz + interval ''1 minute'' '
              'AND coalesce(merchant, '''') = %2$L AND currency = %3$L', minute, merchant, currency)
  FROM (
         SELECT date_bin('1 minute', event_time, timestamptz '2000-01-01 00:00:00+00') AS minute, coalesce(merchant, '') AS merchant, currency,
                sum(CASE kind WHEN 'REFUND' THEN 0 ELSE 1 END) AS purchases,
                sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END) AS purchases_minor,
                sum(CASE kind WHEN 'REFUND' THEN 1 ELSE 0 END) AS refunds,
                sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) AS refunds_minor
           FROM spendwatch.rolled_up_transactions
          WHERE event_time >= {counted_from} AND event_time < {counted_to}
          GROUP BY 1, 2, 3
       ) AS counted
  FULL JOIN (SELECT * FROM spendwatch.minute_sales WHERE minute >= {counted_from} AND minute < {counted_to}) AS kept
      USING (minute, merchant, currency)
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'minute_sales')
   AND (counted.purchases, counted.purchases_minor, counted.refunds, counted.refunds_minor)
       IS DISTINCT FROM (kept.purchases, kept.purchases_minor, kept.refunds, kept.refunds_minor)
 ORDER BY minute, merchant, currency;

INSERT INTO found (kind, user_id, event_time, expected, actual, detail, reproduce)
SELECT DISTINCT ON (user_id, day)
       'WRONG_DAILY_USERS', user_id, day::timestamp AT TIME ZONE 'UTC',
       CASE WHEN counted.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, exposure %s, excess %s', counted.transactions,
                       spendwatch.total_to_decimal(counted.purchases_minor, currency),
                       spendwatch.total_to_decimal(counted.refunds_minor, currency),
                       spendwatch.to_decimal(counted.exposure_max_minor, currency),
                       spendwatch.total_to_decimal(counted.excess_max_minor, currency)) END,
       CASE WHEN kept.transactions IS NULL THEN 'none' ELSE format('%s transactions, purchases %s, refunds %s, exposure %s, excess %s', kept.transactions,
                       spendwatch.total_to_decimal(kept.purchases_minor, currency),
                       spendwatch.total_to_decimal(kept.refunds_minor, currency),
                       spendwatch.to_decimal(kept.exposure_max_minor, currency),
                       spendwatch.total_to_decimal(kept.excess_max_minor, currency)) END,
       format('the user''s day in %s', currency),
       format('SELECT * FROM spendwatch.rolled_up_transactions WHERE user_id = %1$L AND event_time >= %2$L AND event_time < %2$L::timestamptz + interval ''1 day'' '
              'AND currency = %3$L', user_id, day::timestamp AT TIME ZONE 'UTC', currency)
  FROM (
         SELECT (begins AT TIME ZONE 'UTC')::date AS day, user_id, currency, transactions, purchases_minor, refunds_minor,
                exposure_max_minor, excess_max_minor
           FROM (
                  SELECT date_bin('1 day', event_time, timestamptz '2000-01-01 00:00:00+00') AS begins, user_id, currency, count(*) AS transactions,
                         sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END) AS purchases_minor,
                         sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) AS refunds_minor,
                         max(exposure_minor) AS exposure_max_minor,
                         max(CASE WHEN exposure_minor > balance_minor THEN exposure_minor::numeric - balance_minor ELSE 0 END)
                           AS excess_max_minor
                    FROM spendwatch.rolled_up_transactions
                   WHERE event_time >= {counted_from} AND event_time < {counted_to}
                   GROUP BY 1, 2, 3
                ) AS daily
       ) AS counted
  FULL JOIN (SELECT *
               FROM spendwatch.daily_users
              WHERE day >= ({counted_from} AT TIME ZONE 'UTC') AND day < ({counted_to} AT TIME ZONE 'UTC')) AS kept
 USING (day, user_id, currency)
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'daily_users')
   AND (counted.transactions, counted.purchases_minor, counted.refunds_minor, counted.exposure_max_minor, counted.excess_max_minor)
       IS DISTINCT FROM (kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.exposure_max_minor, kept.excess_max_minor)
 ORDER BY user_id, day, currency;

INSERT INTO found (kind, event_time, expected, actual, detail, reproduce)
SELECT DISTINCT ON (hour)
       'WRONG_HOURLY_ALERTS', hour, coalesce(counted.alerts, 0) || ' alerts', coalesce(kept.alerts, 0) || ' alerts',
       format('%s%s', type, CASE WHEN late THEN ', late' END),
       format('SELECT * FROM spendwatch.rolled_up_alerts WHERE event_time >= %1$L AND event_time < %1$L::timestamptz + interval ''1 hour'' '
              'AND type = %2$L AND late = %3$L', hour, type, late)
  FROM (
         SELECT date_trunc('hour', event_time, 'UTC') AS hour, type, late, count(*) AS alerts
           FROM spendwatch.rolled_up_alerts
          WHERE event_time >= {counted_from} AND event_time < {counted_to}
          GROUP BY 1, 2, 3
       ) AS counted
  FULL JOIN (SELECT * FROM spendwatch.hourly_alerts WHERE hour >= {counted_from} AND hour < {counted_to}) AS kept USING (hour, type, late)
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'hourly_alerts')
   AND counted.alerts IS DISTINCT FROM kept.alerts
 ORDER BY hour, type, late;

INSERT INTO found (kind, user_id, event_time, expected, actual, detail, reproduce)
SELECT DISTINCT ON (user_id, day)
       'WRONG_DAILY_HABITS', user_id, day::timestamp AT TIME ZONE 'UTC',
       CASE WHEN counted.transactions IS NULL THEN 'none' ELSE format('%s transactions, hours %s', counted.transactions, counted.hours::bit(24)) END,
       CASE WHEN kept.transactions IS NULL THEN 'none' ELSE format('%s transactions, hours %s', kept.transactions, kept.hours::bit(24)) END,
       format('merchant %s in %s, hours from 23 to 0; %s rows of the user''s day differ', nullif(merchant, ''), currency,
              count(*) OVER (PARTITION BY user_id, day)),
       format('SELECT * FROM spendwatch.rolled_up_transactions WHERE user_id = %1$L AND event_time >= %2$L AND event_time < %2$L::timestamptz + interval ''1 day'' '
              'AND coalesce(merchant, '''') = %3$L AND currency = %4$L', user_id, day::timestamp AT TIME ZONE 'UTC', merchant, currency)
  FROM (
         SELECT (begins AT TIME ZONE 'UTC')::date AS day, user_id, currency, merchant, transactions, hours
           FROM (
                  SELECT date_bin('1 day', hour, timestamptz '2000-01-01 00:00:00+00') AS begins, user_id, currency, merchant,
                         sum(transactions) AS transactions,
                         sum(power(2, date_part('hour', hour - date_bin('1 day', hour, timestamptz '2000-01-01 00:00:00+00'))))::integer AS hours
                    FROM (
                           SELECT date_bin('1 hour', event_time, timestamptz '2000-01-01 00:00:00+00') AS hour, user_id, currency,
                                  coalesce(merchant, '') AS merchant, count(*) AS transactions
                             FROM spendwatch.rolled_up_transactions
                            WHERE event_time >= {counted_from} AND event_time < {counted_to}
                            GROUP BY 1, 2, 3, 4
                         ) AS hourly
                   GROUP BY 1, 2, 3, 4
                ) AS daily
       ) AS counted
  FULL JOIN (SELECT *
               FROM spendwatch.daily_habits
              WHERE day >= ({counted_from} AT TIME ZONE 'UTC') AND day < ({counted_to} AT TIME ZONE 'UTC')) AS kept
 USING (day, user_id, currency, merchant)
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'daily_habits')
   -- Behind its position nobody relies on it.
   AND (day, user_id) < (SELECT day, user_id FROM spendwatch.daily_habits_position)
   AND (counted.transactions, counted.hours) IS DISTINCT FROM (kept.transactions, kept.hours)
 ORDER BY user_id, day, currency, merchant;
