-- Promises roll-up monthly_users with what is added to daily_users.
monthly_users AS (
  INSERT INTO spendwatch.monthly_users AS kept (
         month, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor, first_day, last_day)
  SELECT date_trunc('month', day::timestamp)::date, user_id, currency, sum(transactions), sum(purchases_minor), sum(refunds_minor),
         max(exposure_max_minor), max(excess_max_minor), min(day), max(day)
    FROM daily_users_added
   GROUP BY 1, 2, 3
   ORDER BY 1, 2, 3
      ON CONFLICT (month, user_id, currency) DO UPDATE
     SET transactions = kept.transactions + excluded.transactions,
         purchases_minor = kept.purchases_minor + excluded.purchases_minor,
         refunds_minor = kept.refunds_minor + excluded.refunds_minor,
         exposure_max_minor = greatest(kept.exposure_max_minor, excluded.exposure_max_minor),
         excess_max_minor = greatest(kept.excess_max_minor, excluded.excess_max_minor),
         first_day = least(kept.first_day, excluded.first_day),
         last_day = greatest(kept.last_day, excluded.last_day)
)
