-- Promises roll-up hourly_spend with the transactions of new_row.
hourly_spend AS (
  INSERT INTO spendwatch.hourly_spend AS kept (hour, merchant, currency, transactions, purchases_minor, refunds_minor, breaches)
  SELECT date_trunc('hour', event_time, 'UTC'), coalesce(merchant, ''), currency, count(*),
         coalesce(sum(amount_minor) FILTER (WHERE kind = 'PURCHASE'), 0), coalesce(sum(amount_minor) FILTER (WHERE kind = 'REFUND'), 0),
         count(*) FILTER (WHERE verdict = 'BREACH')
    FROM new_row
   GROUP BY 1, 2, 3
      ON CONFLICT (hour, merchant, currency) DO UPDATE
     SET transactions = kept.transactions + excluded.transactions,
         purchases_minor = kept.purchases_minor + excluded.purchases_minor,
         refunds_minor = kept.refunds_minor + excluded.refunds_minor,
         breaches = kept.breaches + excluded.breaches
)
