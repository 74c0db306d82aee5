-- Promises in daily_habits what the transactions of day $1 of the users of [$2, $3) add up to, in the order of its key.
INSERT INTO spendwatch.daily_habits (day, user_id, currency, merchant, hours, transactions)
SELECT $1::date, user_id, currency, coalesce(merchant, ''), bit_or(1 << extract(hour FROM event_time AT TIME ZONE 'UTC')::integer), count(*)
  FROM spendwatch.rolled_up_transactions
 WHERE event_time >= $1::date::timestamp AT TIME ZONE 'UTC'
   AND event_time < ($1::date + 1)::timestamp AT TIME ZONE 'UTC'
   AND user_id >= $2::text AND ($3::text IS NULL OR user_id < $3::text)
 GROUP BY user_id, currency, coalesce(merchant, '')
 ORDER BY user_id, currency, coalesce(merchant, '')
