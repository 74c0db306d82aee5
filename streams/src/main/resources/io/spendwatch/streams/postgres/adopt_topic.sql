-- Promises that partition $2 of topic $1 is known as one of the topic with id $3, and of the transactions topic that everything before
-- offset $4 is durable, and before offset $5 published, if the partition is still under epoch $6 (null for the other topic, which has
-- none). Answers whether that is so. Takes effect once under an epoch: one that comes late does not put back what was written since.
WITH begun AS (
  UPDATE spendwatch.pipelines
     SET next_offset = $4,
         published_offset = $5
   WHERE kafka_partition = $2
     AND epoch = $6
     AND NOT EXISTS (SELECT
                       FROM spendwatch.sources
                      WHERE topic = $1
                        AND kafka_partition = $2
                        AND topic_id = $3
                        AND adopted_under = $6)
  RETURNING kafka_partition
), adopted AS (
  INSERT INTO spendwatch.sources (topic, kafka_partition, topic_id, adopted_under)
  SELECT $1, $2, $3, $6
   WHERE $6::bigint IS NULL
      OR EXISTS (SELECT FROM begun)
      ON CONFLICT (topic, kafka_partition) DO UPDATE
     SET topic_id = excluded.topic_id,
         adopted_under = excluded.adopted_under
  RETURNING topic
)
SELECT EXISTS (SELECT FROM adopted)
       OR EXISTS (SELECT
                    FROM spendwatch.sources
                   WHERE topic = $1
                     AND kafka_partition = $2
                     AND topic_id = $3
                     AND adopted_under = $6)
