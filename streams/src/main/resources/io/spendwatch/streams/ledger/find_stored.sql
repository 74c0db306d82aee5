-- Promises those of the keys ($1, $2, $3) that are stored, by exact probes of the primary key. $4 and $5 are the least and
-- the greatest event time asked for: they let the planner leave out the other days.
SELECT asked.user_id, asked.event_time, asked.transaction_id
  FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS asked (user_id, event_time, transaction_id)
 WHERE EXISTS (
         SELECT
           FROM spendwatch.transactions AS stored
          WHERE stored.user_id = asked.user_id
            AND stored.event_time = asked.event_time
            AND stored.transaction_id = asked.transaction_id
            AND stored.event_time BETWEEN $4::timestamptz AND $5::timestamptz
       )
