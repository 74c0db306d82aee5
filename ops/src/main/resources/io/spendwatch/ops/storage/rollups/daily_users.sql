-- Promises roll-up daily_users with the transactions of new_row.
daily_users AS (
  INSERT INTO spendwatch.daily_users AS kept (
         day, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor)
  SELECT (event_time AT TIME ZONE 'UTC')::date, user_id, currency, count(*),
         coalesce(sum(amount_minor) FILTER (WHERE kind = 'PURCHASE'), 0), coalesce(sum(amount_minor) FILTER (WHERE kind = 'REFUND'), 0),
         max(exposure_minor), greatest(max(exposure_minor::numeric - balance_minor), 0)
    FROM new_row
   GROUP BY 1, 2, 3
      ON CONFLICT (day, user_id, currency) DO UPDATE
     SET transactions = kept.transactions + excluded.transactions,
         purchases_minor = kept.purchases_minor + excluded.purchases_minor,
         refunds_minor = kept.refunds_minor + excluded.refunds_minor,
         exposure_max_minor = greatest(kept.exposure_max_minor, excluded.exposure_max_minor),
         excess_max_minor = greatest(kept.excess_max_minor, excluded.excess_max_minor)
)
