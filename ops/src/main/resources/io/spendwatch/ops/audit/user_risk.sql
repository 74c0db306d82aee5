-- Promises in table found the users of this share ({share} of {shares}) whose last hour, or whose last transaction, is not what their rows
-- say, as far as these are there ({counted_from}). In one snapshot, so this holds at any moment.
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
                   WHERE (hashtext(user_id) & 2147483647) % {shares} = {share}
                ) AS row
          GROUP BY user_id, currency
       ) AS counted
  FULL JOIN (SELECT * FROM spendwatch.user_risk WHERE (hashtext(user_id) & 2147483647) % {shares} = {share}) AS kept
 USING (user_id, currency)
 CROSS JOIN spendwatch.user_risk_clock AS clock
 WHERE (SELECT built FROM spendwatch.rollups WHERE name = 'user_risk')
   AND (kept.updated_at IS NULL OR kept.updated_at >= {counted_from})
   AND clock.as_of >= {counted_from} + interval '1 hour'
   AND (counted.transactions_1h, counted.total_1h_minor, counted.max_1h_minor, counted.updated_at, counted.exposure_minor, counted.balance_minor)
       IS DISTINCT FROM
       (kept.transactions_1h, kept.total_1h_minor, kept.max_1h_minor, kept.updated_at, kept.exposure_minor, kept.balance_minor)
 ORDER BY user_id, currency;
