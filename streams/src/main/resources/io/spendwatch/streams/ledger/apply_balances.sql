-- Promises that each of these balances is a version of its account, in their order; one that is known already changes nothing. They
-- come in rounds, each of which has no user twice: $1 says where each round ends. With them it is noted that of partition $8 of the topic
-- with id $7 all before offset $10 is so. All of it only if that is noted of all before offset $9: else the database was put back since,
-- and the answer is false. Deletes such notes of offsets before $11.
WITH known AS (
  SELECT coalesce((SELECT max(next_offset)
                     FROM spendwatch.balances_progress
                    WHERE topic_id = $7
                      AND kafka_partition = $8::integer) >= $9::bigint, false) AS is_known
), noted AS (
  INSERT INTO spendwatch.balances_progress (topic_id, kafka_partition, next_offset)
  SELECT $7, $8, $10::bigint
    FROM known
   WHERE is_known
      ON CONFLICT DO NOTHING
), forgotten AS (
  DELETE FROM spendwatch.balances_progress
   WHERE topic_id = $7
     AND kafka_partition = $8
     AND next_offset < $11::bigint
)
SELECT is_known,
       (SELECT spendwatch.apply_balances($1::integer[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[])
         WHERE is_known)
  FROM known
