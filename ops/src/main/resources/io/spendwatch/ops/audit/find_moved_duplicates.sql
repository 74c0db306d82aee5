-- Promises those of the records ($1 places, $2 users, $3 ids, $4 offsets) of partition $5 of which there is a row of the same user
-- and id with a lower offset or from another partition, whatever its event time, by their place. Reads all of these users' rows. $6: the topic has
-- grown, and two growths may have passed a record on and back again.
SELECT asked.place
  FROM unnest($1::integer[], $2::text[], $3::text[], $4::bigint[]) AS asked (place, user_id, transaction_id, kafka_offset)
 WHERE EXISTS (
         SELECT
           FROM spendwatch.transactions AS stored
          WHERE stored.user_id = asked.user_id
            AND stored.transaction_id = asked.transaction_id
            AND ($6 OR stored.kafka_partition <> $5 OR stored.kafka_offset < asked.kafka_offset)
       )
