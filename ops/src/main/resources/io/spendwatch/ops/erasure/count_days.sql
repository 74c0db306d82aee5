-- Promises what the transactions of these users ($1) with event times in [$2, $3) add up to by day.
WITH row AS (
  SELECT user_id, event_time, kind, amount_minor, currency, merchant, exposure_minor, balance_minor
    FROM spendwatch.rolled_up_transactions
   WHERE user_id = ANY (?::text[]) AND event_time >= ? AND event_time < ?
), habit AS (
  INSERT INTO spendwatch.daily_habits (day, user_id, currency, merchant, hours, transactions)
  SELECT (event_time AT TIME ZONE 'UTC')::date, user_id, currency, coalesce(merchant, ''),
         bit_or(1 << extract(hour FROM event_time AT TIME ZONE 'UTC')::integer), count(*)
    FROM row
   GROUP BY 1, 2, 3, 4
)
INSERT INTO spendwatch.daily_users (
       day, user_id, currency, transactions, purchases_minor, refunds_minor, exposure_max_minor, excess_max_minor)
SELECT (event_time AT TIME ZONE 'UTC')::date, user_id, currency, count(*),
       coalesce(sum(amount_minor) FILTER (WHERE kind = 'PURCHASE'), 0), coalesce(sum(amount_minor) FILTER (WHERE kind = 'REFUND'), 0),
       max(exposure_minor), greatest(max(exposure_minor::numeric - balance_minor), 0)
  FROM row
 GROUP BY 1, 2, 3
