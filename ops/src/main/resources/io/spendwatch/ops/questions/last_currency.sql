-- Promises the currency of the latest transaction of user $1, of whatever day; no row for who has none.
SELECT currency
  FROM spendwatch.transactions
 WHERE user_id = $1
 ORDER BY event_time DESC
 LIMIT 1
