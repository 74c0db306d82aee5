-- Promises those of the records ($1 places, $2 ids, $3 offsets) of partition $4 of which there is a row of somebody who was erased, with that
-- id and a lower offset, or from another partition; by their place. Reads all rows of those who were. $5: the topic has grown.
SELECT asked.place
  FROM unnest($1::integer[], $2::text[], $3::bigint[]) AS asked (place, transaction_id, kafka_offset)
 WHERE EXISTS (
         SELECT
           FROM spendwatch.erased_users AS erased
           JOIN spendwatch.transactions AS stored ON stored.user_id = erased.pseudonym
          WHERE stored.transaction_id = asked.transaction_id
            AND ($5 OR stored.kafka_partition <> $4 OR stored.kafka_offset < asked.kafka_offset)
       )
