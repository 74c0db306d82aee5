-- Promises the newest features of user $1 that everybody has, a row for each currency; without any, one row that says of when they would be,
-- null before there are some.
SELECT newest.as_of, kept.computed_at, kept.currency, kept.transactions, kept.days_active,
       spendwatch.total_to_decimal(kept.daily_spend_avg_minor, kept.currency)::text AS daily_spend_average,
       spendwatch.total_to_decimal(kept.daily_spend_p90_minor, kept.currency)::text AS daily_spend_p90,
       kept.refund_share::float8, kept.usual_hours, kept.merchants, kept.usual_merchants
  FROM (SELECT max(as_of) AS as_of FROM spendwatch.user_features_versions WHERE next_user IS NULL) AS newest
  LEFT JOIN spendwatch.user_features AS kept ON kept.user_id = $1 AND kept.as_of = newest.as_of
 ORDER BY kept.currency
