-- Promises those of the records ($1 places, $2 users, $3 event times, $4 ids, $5 offsets) of partition $6 that are stored with a lower
-- offset, or from another partition, to which they were passed on; by their place. $7 and $8 are the least and the greatest event time:
-- they let the planner leave out the other days. $9: the topic has grown, and two growths may have passed a record on and back again.
SELECT asked.place
  FROM unnest($1::integer[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[])
       AS asked (place, user_id, event_time, transaction_id, kafka_offset)
 WHERE EXISTS (
         SELECT
           FROM spendwatch.transactions AS stored
          WHERE stored.user_id = asked.user_id
            AND stored.event_time = asked.event_time
            AND stored.transaction_id = asked.transaction_id
            AND stored.event_time BETWEEN $7::timestamptz AND $8::timestamptz
            AND ($9 OR stored.kafka_partition <> $6 OR stored.kafka_offset < asked.kafka_offset)
       )
