-- Promises the features of user $1 at the begin of day $2 (UTC), from roll-ups that have nothing later in them, a row for each currency;
-- without any, one row. Reads the user's thirty days before.
SELECT day.as_of, now() AS computed_at, computed.currency, computed.transactions, computed.days_active,
       spendwatch.total_to_decimal(computed.daily_spend_avg_minor, computed.currency)::text AS daily_spend_average,
       spendwatch.total_to_decimal(computed.daily_spend_p90_minor, computed.currency)::text AS daily_spend_p90,
       computed.refund_share::float8, computed.usual_hours, computed.merchants, computed.usual_merchants
  FROM (SELECT $2::date AS as_of) AS day
  LEFT JOIN spendwatch.user_features_at($2, $1, $1 || E'\x01') AS computed ON true
 ORDER BY computed.currency
