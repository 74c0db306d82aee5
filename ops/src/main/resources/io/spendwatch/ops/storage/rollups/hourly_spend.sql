-- Promises roll-up hourly_spend with the transactions of new_row; what they add up to by hour is hourly_spend_added.
hourly_spend_added AS (
  SELECT date_bin('1 hour', event_time, '2000-01-01Z') AS hour, coalesce(merchant, '') AS merchant, currency, count(*) AS transactions,
         coalesce(sum(amount_minor) FILTER (WHERE kind = 'PURCHASE'), 0) AS purchases_minor,
         coalesce(sum(amount_minor) FILTER (WHERE kind = 'REFUND'), 0) AS refunds_minor,
         count(*) FILTER (WHERE verdict = 'BREACH') AS breaches
    FROM new_row
   GROUP BY 1, 2, 3
), hourly_spend AS (
  INSERT INTO spendwatch.hourly_spend AS kept (hour, merchant, currency, transactions, purchases_minor, refunds_minor, breaches)
  SELECT hour, merchant, currency, transactions, purchases_minor, refunds_minor, breaches
    FROM hourly_spend_added
   ORDER BY hour, merchant, currency
      ON CONFLICT (hour, merchant, currency) DO UPDATE
     SET transactions = kept.transactions + excluded.transactions,
         purchases_minor = kept.purchases_minor + excluded.purchases_minor,
         refunds_minor = kept.refunds_minor + excluded.refunds_minor,
         breaches = kept.breaches + excluded.breaches
)
