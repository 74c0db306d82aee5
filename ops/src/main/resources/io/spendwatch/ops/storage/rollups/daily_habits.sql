-- Promises roll-up daily_habits with the transactions of new_row that are before its position. Of the others their day is counted when it
-- has ended.
daily_habits AS (
  INSERT INTO spendwatch.daily_habits AS kept (day, user_id, currency, merchant, hours, transactions)
  SELECT (row.event_time AT TIME ZONE 'UTC')::date, row.user_id, row.currency, coalesce(row.merchant, ''),
         bit_or(1 << extract(hour FROM row.event_time AT TIME ZONE 'UTC')::integer), count(*)
    FROM new_row AS row
   WHERE ((row.event_time AT TIME ZONE 'UTC')::date, row.user_id) < (SELECT day, user_id FROM spendwatch.daily_habits_position)
   GROUP BY 1, 2, 3, 4
   ORDER BY 1, 2, 3, 4
      ON CONFLICT (day, user_id, currency, merchant) DO UPDATE
     SET hours = kept.hours | excluded.hours,
         transactions = kept.transactions + excluded.transactions
)
