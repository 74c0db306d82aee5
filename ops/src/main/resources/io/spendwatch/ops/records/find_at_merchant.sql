-- Promises which of the transactions ($1 users, $2 event times, $3 ids) were at merchant $6: their numbers, from 1, in order. $4 and $5 are
-- the least and the greatest of the event times, so that the planner sees only the days that matter.
SELECT asked.number
  FROM unnest($1::text[], $2::timestamptz[], $3::text[]) WITH ORDINALITY AS asked (user_id, event_time, transaction_id, number)
 CROSS JOIN LATERAL (
         SELECT merchant
           FROM spendwatch.transactions
          WHERE user_id = asked.user_id
            AND event_time = asked.event_time
            AND event_time BETWEEN $4 AND $5
            AND transaction_id = asked.transaction_id
          LIMIT 1
       ) AS transaction
 WHERE transaction.merchant = $6
 ORDER BY asked.number
