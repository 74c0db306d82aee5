-- Promises roll-up daily_spend with what is added to hourly_spend.
daily_spend AS (
  INSERT INTO spendwatch.daily_spend AS kept (day, merchant, currency, transactions, purchases_minor, refunds_minor, breaches)
  SELECT (hour AT TIME ZONE 'UTC')::date, merchant, currency, sum(transactions), sum(purchases_minor), sum(refunds_minor), sum(breaches)
    FROM hourly_spend_added
   GROUP BY 1, 2, 3
   ORDER BY 1, 2, 3
      ON CONFLICT (day, merchant, currency) DO UPDATE
     SET transactions = kept.transactions + excluded.transactions,
         purchases_minor = kept.purchases_minor + excluded.purchases_minor,
         refunds_minor = kept.refunds_minor + excluded.refunds_minor,
         breaches = kept.breaches + excluded.breaches
)
