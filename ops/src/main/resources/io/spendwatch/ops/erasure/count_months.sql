-- Promises that what is added up by month of these users ($1) is what their days add up to, in the months of the days from $2 up to before $3.
-- Follows whatever changes their days, in the same transaction.
WITH asked AS (
  SELECT ?::text[] AS user_ids,
         ARRAY(SELECT month::date
                 FROM generate_series(date_trunc('month', ?::timestamptz AT TIME ZONE 'UTC'), (?::timestamptz AT TIME ZONE 'UTC') - interval '1 day',
                                      interval '1 month') AS month) AS months
), counted AS (
  SELECT month, user_id, currency, sum(transactions) AS transactions, sum(purchases_minor) AS purchases_minor,
         sum(refunds_minor) AS refunds_minor, max(exposure_max_minor) AS exposure_max_minor, max(excess_max_minor) AS excess_max_minor,
         min(day) AS first_day, max(day) AS last_day
    FROM asked
   CROSS JOIN LATERAL unnest(months) AS month
   CROSS JOIN LATERAL generate_series(month::timestamp, month + interval '1 month' - interval '1 day', interval '1 day') AS each_day
    JOIN spendwatch.daily_users AS kept ON kept.day = each_day::date AND kept.user_id = ANY (asked.user_ids)
   GROUP BY month, user_id, currency
), none_left AS (
  DELETE FROM spendwatch.monthly_users AS kept
   USING asked
   WHERE kept.month = ANY (asked.months) AND kept.user_id = ANY (asked.user_ids)
     AND NOT EXISTS (SELECT
                       FROM counted
                      WHERE counted.month = kept.month AND counted.user_id = kept.user_id AND counted.currency = kept.currency)
)
INSERT INTO spendwatch.monthly_users (
       month, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor, first_day, last_day)
SELECT *
  FROM counted
    ON CONFLICT (month, user_id, currency) DO UPDATE
   SET transactions = excluded.transactions,
       purchases_minor = excluded.purchases_minor,
       refunds_minor = excluded.refunds_minor,
       exposure_max_minor = excluded.exposure_max_minor,
       excess_max_minor = excluded.excess_max_minor,
       first_day = excluded.first_day,
       last_day = excluded.last_day
