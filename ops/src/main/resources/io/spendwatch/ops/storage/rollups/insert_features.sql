-- Promises the features of the users of [$1, $2) at the begin of day $3.
INSERT INTO spendwatch.user_features (
       user_id, currency, as_of, computed_at, transactions, days_active, daily_spend_avg_minor, daily_spend_p90_minor, refund_share,
       usual_hours, merchants, usual_merchants)
SELECT user_id, currency, $3::date, now(), transactions, days_active, daily_spend_avg_minor, daily_spend_p90_minor, refund_share, usual_hours,
       merchants, usual_merchants
  FROM spendwatch.user_features_at($3, $1, $2)
