-- Promises, for each question and in its order, the ids of the transactions of user $1 at the instant $2, in order of arrival, as
-- in read_entries.sql.
-- $3 and $4 are the least and the greatest instant: they let the planner leave out the other days.
SELECT ARRAY(
         SELECT transaction_id
           FROM spendwatch.transactions
          WHERE user_id = asked.user_id
            AND event_time = asked.event_time
            AND event_time BETWEEN $3::timestamptz AND $4::timestamptz
          ORDER BY ingested_at, kafka_offset
       )
  FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS asked (user_id, event_time, place)
 ORDER BY asked.place
