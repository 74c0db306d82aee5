-- Promises roll-up daily_habits with the transactions of new_row.
daily_habits AS (
  INSERT INTO spendwatch.daily_habits AS kept (day, user_id, currency, merchant, hours, transactions)
  SELECT (event_time AT TIME ZONE 'UTC')::date, user_id, currency, coalesce(merchant, ''),
         bit_or(1 << extract(hour FROM event_time AT TIME ZONE 'UTC')::integer), count(*)
    FROM new_row
   GROUP BY 1, 2, 3, 4
      ON CONFLICT (day, user_id, currency, merchant) DO UPDATE
     SET hours = kept.hours | excluded.hours,
         transactions = kept.transactions + excluded.transactions
)
