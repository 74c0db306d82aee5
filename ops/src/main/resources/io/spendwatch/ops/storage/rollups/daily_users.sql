-- Promises roll-up daily_users with the transactions of new_row; what they add up to by user and day is daily_users_added.
daily_users_added AS (
  SELECT (event_time AT TIME ZONE 'UTC')::date AS day, user_id, currency, count(*) AS transactions,
         coalesce(sum(amount_minor) FILTER (WHERE kind = 'PURCHASE'), 0) AS purchases_minor,
         coalesce(sum(amount_minor) FILTER (WHERE kind = 'REFUND'), 0) AS refunds_minor,
         max(exposure_minor) AS exposure_max_minor, greatest(max(exposure_minor::numeric - balance_minor), 0) AS excess_max_minor
    FROM new_row
   GROUP BY 1, 2, 3
), daily_users AS (
  INSERT INTO spendwatch.daily_users AS kept (
         day, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor)
  SELECT day, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor
    FROM daily_users_added
   ORDER BY day, user_id, currency
      ON CONFLICT (day, user_id, currency) DO UPDATE
     SET transactions = kept.transactions + excluded.transactions,
         purchases_minor = kept.purchases_minor + excluded.purchases_minor,
         refunds_minor = kept.refunds_minor + excluded.refunds_minor,
         exposure_max_minor = greatest(kept.exposure_max_minor, excluded.exposure_max_minor),
         excess_max_minor = greatest(kept.excess_max_minor, excluded.excess_max_minor)
)
