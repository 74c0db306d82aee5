-- Promises when the batch was written, which all of its rows say, with the last transaction of user $1 to arrive in ($2, $3] and up to the
-- arrival $4 ({arrived}: a row's); no row without any.
SELECT ingested_at
  FROM spendwatch.transactions
 WHERE user_id = $1
   AND event_time > $2
   AND event_time <= $3
   AND {arrived} <= $4
 ORDER BY {arrived} DESC
 LIMIT 1
