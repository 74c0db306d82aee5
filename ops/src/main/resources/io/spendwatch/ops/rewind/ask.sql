-- Promises that nodes read offsets [$4, $5) of partition $3 of topic $1, with id $2, again, as $6 has asked.
UPDATE spendwatch.rewinds
   SET asked_by = $6,
       asked_at = now()
 WHERE topic = $1
   AND topic_id = $2
   AND kafka_partition = $3
   AND from_offset = $4
   AND to_offset = $5
   AND asked_at IS NULL
