-- Promises in table found where a roll-up is not what its rows add up to, from {counted_from} on: the rows of before are gone. A finding for
-- each hour, or each user's day; it shows the first row that differs. The rows of a roll-up are those that nothing says are still to be
-- added, in the same snapshot, so this holds at any moment. Each reads all transactions once.
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
         SELECT date_trunc('hour', event_time, 'UTC') AS hour, coalesce(merchant, '') AS merchant, currency,
                count(*) AS transactions,
                sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END) AS purchases_minor,
                sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) AS refunds_minor,
                sum(CASE verdict WHEN 'BREACH' THEN 1 ELSE 0 END) AS breaches
           FROM spendwatch.rolled_up_transactions
          WHERE event_time >= {counted_from}
          GROUP BY 1, 2, 3
       ) AS counted
  FULL JOIN (SELECT * FROM spendwatch.hourly_spend WHERE hour >= {counted_from}) AS kept USING (hour, merchant, currency)
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'hourly_spend')
   AND (counted.transactions, counted.purchases_minor, counted.refunds_minor, counted.breaches)
       IS DISTINCT FROM (kept.transactions, kept.purchases_minor, kept.refunds_minor, kept.breaches)
 ORDER BY hour, merchant, currency;

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
         SELECT (event_time AT TIME ZONE 'UTC')::date AS day, user_id, currency, count(*) AS transactions,
                sum(CASE kind WHEN 'REFUND' THEN 0 ELSE amount_minor END) AS purchases_minor,
                sum(CASE kind WHEN 'REFUND' THEN amount_minor ELSE 0 END) AS refunds_minor,
                max(exposure_minor) AS exposure_max_minor,
                max(CASE WHEN exposure_minor > balance_minor THEN exposure_minor::numeric - balance_minor ELSE 0 END) AS excess_max_minor
           FROM spendwatch.rolled_up_transactions
          WHERE event_time >= {counted_from}
          GROUP BY 1, 2, 3
       ) AS counted
  FULL JOIN (SELECT * FROM spendwatch.daily_users WHERE day >= ({counted_from} AT TIME ZONE 'UTC')) AS kept USING (day, user_id, currency)
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
          WHERE event_time >= {counted_from}
          GROUP BY 1, 2, 3
       ) AS counted
  FULL JOIN (SELECT * FROM spendwatch.hourly_alerts WHERE hour >= {counted_from}) AS kept USING (hour, type, late)
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'hourly_alerts')
   AND counted.alerts IS DISTINCT FROM kept.alerts
 ORDER BY hour, type, late;

INSERT INTO found (kind, user_id, event_time, expected, actual, detail, reproduce)
SELECT DISTINCT ON (user_id)
       'WRONG_USER_RISK', user_id, as_of,
       CASE WHEN counted.transactions_1h IS NULL THEN 'none' ELSE format('%s transactions, total %s, largest %s; at %s exposure %s, balance %s', counted.transactions_1h,
                       spendwatch.total_to_decimal(counted.total_1h_minor, currency),
                       spendwatch.to_decimal(counted.max_1h_minor, currency), counted.updated_at,
                       spendwatch.to_decimal(counted.exposure_minor, currency),
                       coalesce(spendwatch.to_decimal(counted.balance_minor, currency)::text, 'none')) END,
       CASE WHEN kept.transactions_1h IS NULL THEN 'none' ELSE format('%s transactions, total %s, largest %s; at %s exposure %s, balance %s', kept.transactions_1h,
                       spendwatch.total_to_decimal(kept.total_1h_minor, currency),
                       spendwatch.to_decimal(kept.max_1h_minor, currency), kept.updated_at,
                       spendwatch.to_decimal(kept.exposure_minor, currency),
                       coalesce(spendwatch.to_decimal(kept.balance_minor, currency)::text, 'none')) END,
       format('the last hour up to %s in %s', as_of, currency),
       format('SELECT * FROM spendwatch.rolled_up_transactions WHERE user_id = %L AND currency = %L ORDER BY event_time DESC', user_id, currency)
  FROM (
         SELECT user_id, currency, count(*) FILTER (WHERE is_recent) AS transactions_1h,
                coalesce(sum(CASE kind WHEN 'REFUND' THEN -amount_minor ELSE amount_minor END) FILTER (WHERE is_recent), 0) AS total_1h_minor,
                coalesce(max(amount_minor) FILTER (WHERE is_recent AND kind = 'PURCHASE'), 0) AS max_1h_minor,
                max(event_time) AS updated_at, max(exposure_minor) FILTER (WHERE is_latest) AS exposure_minor,
                max(balance_minor) FILTER (WHERE is_latest) AS balance_minor
           FROM (
                  SELECT user_id, currency, kind, amount_minor, event_time, exposure_minor, balance_minor,
                         event_time > (SELECT as_of FROM spendwatch.user_risk_clock) - interval '1 hour' AS is_recent,
                         lead(event_time) OVER (PARTITION BY user_id, currency
                                                ORDER BY event_time, ingested_at, kafka_partition, kafka_offset) IS NULL AS is_latest
                    FROM spendwatch.rolled_up_transactions
                ) AS row
          GROUP BY user_id, currency
       ) AS counted
  FULL JOIN spendwatch.user_risk AS kept USING (user_id, currency)
 CROSS JOIN spendwatch.user_risk_clock AS clock
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'user_risk')
   AND (kept.updated_at IS NULL OR kept.updated_at >= {counted_from})
   AND clock.as_of >= {counted_from} + interval '1 hour'
   AND (counted.transactions_1h, counted.total_1h_minor, counted.max_1h_minor, counted.updated_at, counted.exposure_minor, counted.balance_minor)
       IS DISTINCT FROM
       (kept.transactions_1h, kept.total_1h_minor, kept.max_1h_minor, kept.updated_at, kept.exposure_minor, kept.balance_minor)
 ORDER BY user_id, currency;
